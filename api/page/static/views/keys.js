// The token: what proves who plays. To take it elsewhere, to forget it here, or to give the player up.
import { act } from "../actions.js";
import { stop } from "../game.js";
import { html } from "../lib.js";
import { say } from "../messages.js";
import { forget } from "../session.js";
import { state } from "../store.js";
import { ask } from "./components.js";

export function Keys() {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(state.session.token);
      say("The token is copied. Whoever has it is you: keep it secret.");
    } catch {
      say("This browser does not let a page copy. The token stays stored here.");
    }
  };
  return html`<details>
    <summary>Your token</summary>
    <p>It is the only proof that you are ${state.session.player}. Without it nobody can play on.</p>
    <div class="doing">
      <button type="button" class="secondary" onClick=${copy}>Copy the token</button>
      <button type="button" class="secondary" onClick=${signOut}>Sign out</button>
      <button type="button" class="secondary" onClick=${leave}>Leave the realm for ever</button>
    </div>
  </details>`;
}

function signOut() {
  ask("Sign out?", "This browser forgets your token. Copy it before if you want to play on later.", "Sign out", () => {
    stop();
    forget();
    say("Signed out.");
  });
}

function leave() {
  const text = `${state.session.player} will be gone, with all gold and items. The name can never be taken again.`;
  ask("Leave the realm for ever?", text, "Leave for ever", async () => {
    if (await act("Leave the realm", "DELETE", "/players/me")) {
      stop();
      forget();
      say("You have left the realm.");
    }
  });
}
