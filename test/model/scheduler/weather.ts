import type { ScriptedNetwork } from '../../../lib/testing/scripted-network.js';

/** What can happen to the network between a process and a server. */
export type Weather = 'stall' | 'flow' | 'cut' | 'cutGhostly' | 'refuse' | 'loseReply';

const EFFECTS: Readonly<Record<Weather, (network: ScriptedNetwork) => void>> = {
  stall: (network) => network.stall(),
  flow: (network) => {
    network.admit();
    network.flow();
  },
  refuse: (network) => {
    network.refuse();
    network.cut();
  },
  cut: (network) => network.cut(),
  cutGhostly: (network) => network.cut({ ghostly: true }),
  loseReply: (network) => network.loseReply(),
};

export function befall(network: ScriptedNetwork, weather: Weather): void {
  EFFECTS[weather](network);
}
