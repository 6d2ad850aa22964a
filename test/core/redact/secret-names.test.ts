import { expect } from 'chai';
import { isSecretName } from '../../../lib/core/redact/secret-names.js';
import { HARMLESS_NAMES, SECRET_NAMES } from '../../support/secrets.js';

describe('the names of secrets', () => {
  it('are known in every spelling', () => {
    for (const name of SECRET_NAMES) {
      for (const spelling of [name, name.toUpperCase(), `my_${name}`, `${name}_2`, `x.${name}`]) {
        expect(isSecretName(spelling), spelling).to.equal(true);
      }
    }
  });

  it('differ from other names with the same letters', () => {
    for (const name of [...HARMLESS_NAMES, '', '-', 'é']) {
      expect(isSecretName(name), name).to.equal(false);
    }
  });

  it('are looked for in the beginning of a name alone', () => {
    expect(isSecretName(`${'x'.repeat(200)}password`)).to.equal(false);
  });
});
