import { KEYS } from '../calls.js';
import type { Oracle } from '../oracle/oracle.js';
import type { Actor } from './actor.js';
import type { Trouble } from './scenes.js';
import type { Server } from './server.js';

interface Stage {
  readonly oracle: Oracle;
  readonly server: Server;
  readonly actors: readonly Actor[];
}

/** What happens to the server, and what the oracle must know of it. */
export class Fate {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  strike(scene: Trouble): void {
    const { oracle, server } = this.#stage;
    const { redis } = server;
    switch (scene.do) {
      case 'hang':
        redis.hang();
        break;
      case 'thaw':
        this.#disturbAll();
        redis.thaw();
        break;
      case 'save':
        redis.save();
        break;
      case 'restart':
        this.#restart('dump');
        break;
      case 'restartEmpty':
        this.#restart('nothing');
        break;
      case 'restartWithout':
        this.#restart(scene.commands);
        break;
      case 'demote':
        if (!server.demote(scene.commands)) break;
        oracle.residues.dataWasReplaced(oracle.now());
        oracle.forgotten();
        this.#disturbAll();
        break;
      case 'promote':
        oracle.residues.dataWasReplaced(oracle.now());
        this.#disturbAll();
        server.promote();
        break;
      case 'flushScripts':
        server.flushScripts();
        break;
      case 'fill':
        redis.refuse('OOM');
        break;
      case 'empty':
        this.#disturbAll();
        redis.accept();
        break;
      case 'evict':
        this.#evict(scene.key);
        break;
      case 'clock':
        redis.stepClock(scene.ms);
        oracle.loads.leasesMayBeLost();
        oracle.residues.clockWasSet(oracle.now(), scene.ms);
        break;
    }
  }

  #restart(from: 'dump' | 'nothing' | number): void {
    const { oracle, server } = this.#stage;
    this.#disturbAll();
    oracle.forgotten();
    server.restart(from);
  }

  #evict(at: number): void {
    const { oracle, server } = this.#stage;
    const name = server.evict(at, KEYS);
    oracle.residues.evicted(oracle.now(), (key) => key === name);
    oracle.loads.leasesMayBeLost();
  }

  #disturbAll(): void {
    for (const actor of this.#stage.actors) actor.life.disturbed();
  }
}
