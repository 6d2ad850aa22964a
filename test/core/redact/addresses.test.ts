import { expect } from 'chai';
import {
  hideAddresses,
  hideWebhooks,
  hideWholeAddress,
} from '../../../lib/core/redact/addresses.js';

describe('to hide what an address tells', () => {
  const cases: readonly (readonly [(text: string) => string, text: string, told: string])[] = [
    [hideAddresses, 'to redis://a:x@h:1 now', 'to redis://***@h:1 now'],
    [hideAddresses, 'to redis://h:6379 now', 'to redis://h:6379 now'],
    [hideAddresses, 'a:x@h is gone', '***@h is gone'],
    [hideAddresses, 'mail bob@h', 'mail bob@h'],
    [hideAddresses, "'redis://a:x'", "'redis://a:***'"],
    [hideAddresses, 'jdbc:a://u:x@h', 'jdbc:a://***@h'],
    [hideWholeAddress, 'redis://a:x y@z@h', 'redis://***@h'],
    [hideWholeAddress, 'at redis://a:x y@h', 'at redis://a:x y@h'],
    [hideWholeAddress, 'redis://h', 'redis://h'],
    [hideWebhooks, 'https://hooks.a.b/c/d e', 'https://hooks.a.b/*** e'],
    [hideWebhooks, 'hooks.a.b/c', 'hooks.a.b/***'],
    [hideWebhooks, 'https://a/api/webhooks/1/x', 'https://a/api/webhooks/***'],
    [hideWebhooks, 'https://a/with/key/x', 'https://a/with/key/***'],
    [hideWebhooks, '/app/hooks/use.js', '/app/hooks/use.js'],
    [hideWebhooks, 'https://a/orders/1', 'https://a/orders/1'],
  ];
  for (const [hide, text, told] of cases) {
    it(`${hide.name} makes ${JSON.stringify(told)} of ${JSON.stringify(text)}`, () => {
      expect(hide(text)).to.equal(told);
    });
  }
});
