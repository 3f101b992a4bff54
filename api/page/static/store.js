// The state of the page. Each view is a function of this state. update() changes the state and schedules one redraw.

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
  feed: [], // the latest events in the player's history, newest first
  live: "off", // the live feed: off, connecting, on or waiting
  pendingActions: [], // actions that the player has clicked and that are not settled yet
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
    // requestAnimationFrame would not do, because it sleeps in a hidden tab. The tab would then show an old state.
    queueMicrotask(() => {
      scheduled = false;
      draw();
    });
  }
}
