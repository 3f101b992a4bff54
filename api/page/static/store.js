// What the page knows. Views are functions of it: whoever changes it says so, and all is drawn once afterwards.

export const state = {
  route: { tab: "play", view: "arena" },
  session: null, // { token, expires, realm, player }
  inventory: null,
  shop: null,
  players: null,
  guilds: null,
  guild: null,
  trades: null,
  quests: null,
  boards: null,
  realms: [0],
  feed: [], // what happened to me, newest first
  live: "off", // off, connecting, on, waiting
  pendingActions: [], // my actions between the click and their settlement
  sending: new Set(), // names of actions whose request is under way
  status: null, // the last good answer of GET /status, with rates
  statusProblem: "",
  dialog: null,
};

let draw = () => {};
let scheduled = false;

export function onChange(listener) {
  draw = listener;
}

export function update(patch = {}) {
  Object.assign(state, patch);
  if (!scheduled) {
    scheduled = true;
    // Not requestAnimationFrame: that sleeps in a hidden tab, and what is drawn there late would be old.
    queueMicrotask(() => {
      scheduled = false;
      draw();
    });
  }
}
