// The state of the page. Views are functions of it: update() changes it and schedules one redraw.

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
  feed: [], // events of the player, newest first
  live: "off", // off, connecting, on, waiting
  pendingActions: [], // the player's actions between the click and their settlement
  status: null, // the last successful response of GET /status
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
    // Not requestAnimationFrame, which sleeps in a hidden tab, so that the tab would show an old state.
    queueMicrotask(() => {
      scheduled = false;
      draw();
    });
  }
}
