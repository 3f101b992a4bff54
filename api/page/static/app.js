// The main module of the page. It shows the view that the address names, and redraws it when the state changes.
import { play, refresh } from "./game.js";
import { html, render } from "./lib.js";
import { startWatching, stopWatching } from "./pipeline.js";
import { realms, restore } from "./session.js";
import { onChange, state, update } from "./store.js";
import { Arena } from "./views/arena.js";
import { Feed } from "./views/feed.js";
import { Fighter } from "./views/fighter.js";
import { Guild } from "./views/guild.js";
import { Arriving, Join } from "./views/join.js";
import { Keys } from "./views/keys.js";
import { Inventory } from "./views/inventory.js";
import { Dialog } from "./views/components.js";
import { Quests } from "./views/quests.js";
import { Ranks } from "./views/leaderboards.js";
import { Shop } from "./views/shop.js";
import { Trade } from "./views/trade.js";
import { Watch } from "./views/watch.js";

const VIEWS = {
  arena: ["Arena", Arena],
  shop: ["Shop", Shop],
  pack: ["Inventory", Inventory],
  quests: ["Quests", Quests],
  guild: ["Guild", Guild],
  trade: ["Trade", Trade],
  ranks: ["Ranks", Ranks],
};

function App() {
  const watching = state.route.tab === "watch";
  return html`
    <header class="top">
      <div class="container">
        <a class="brand" href="#/arena"><img src="/static/page/icon.svg" alt="" width="28" height="28" /> Guildhall</a>
        <nav aria-label="Main">
          <${Link} to="arena" here=${!watching}>Play<//>
          <${Link} to="watch" here=${watching}>Watch<//>
          <a href="/docs">API</a>
        </nav>
      </div>
    </header>
    <main id="main" class="container" tabindex="-1">${watching ? html`<${Watch} />` : html`<${Play} />`}</main>
    ${state.dialog && html`<${Dialog} />`}`;
}

function Play() {
  if (!state.session) return html`<${Join} />`;
  if (!state.inventory) return html`<${Arriving} />`;
  const View = VIEWS[state.route.view][1];
  return html`<${Fighter} />
    <nav class="views" aria-label="Views of the game">
      ${Object.entries(VIEWS).map(
        ([view, [title]]) => html`<${Link} key=${view} to=${view} here=${state.route.view === view}>${title}<//>`,
      )}
    </nav>
    <div class="playing"><div class="view"><${View} /></div><${Feed} /></div>
    <${Keys} />`;
}

function Link({ to, here, children }) {
  return html`<a href=${`#/${to}`} aria-current=${here ? "page" : null}>${children}</a>`;
}

// Shows what the address names: "#/shop" names a view of the game, and "#/watch" names the other tab. Any other
// address changes nothing. Returns whether the address is known.
function route() {
  const view = location.hash.replace("#/", "");
  if (view === "watch") update({ route: { ...state.route, tab: "watch" } });
  else if (view in VIEWS) update({ route: { tab: "play", view } });
  else return false;
  document.title = `${view === "watch" ? "Watch" : VIEWS[view][0]} · Guildhall`;
  if (view === "watch") startWatching();
  else {
    stopWatching();
    refresh();
  }
  return true;
}

// Moves the focus to the heading of the chosen view, so that a screen reader continues there.
function routeAndFocus() {
  if (!route()) return;
  setTimeout(() => document.querySelector("#main h1")?.focus({ preventScroll: window.scrollY === 0 }));
}

async function start() {
  onChange(() => render(html`<${App} />`, document.getElementById("app")));
  restore();
  route();
  document.getElementById("app").replaceChildren();
  update();
  window.addEventListener("hashchange", routeAndFocus);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  if (state.session) play();
  update({ realms: await realms() });
}

start();
