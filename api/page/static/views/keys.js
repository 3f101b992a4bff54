// The player's token. The player can copy it, remove it from this browser, or leave the realm permanently.
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
      say("The token is copied. Keep it secret: it gives full control of your player.");
    } catch {
      say("This browser does not allow pages to copy. The token stays stored here.");
    }
  };
  return html`<details>
    <summary>Your token</summary>
    <p>It is the only proof that you are ${state.session.player}. Without it you cannot continue.</p>
    <div class="doing">
      <button type="button" class="secondary" onClick=${copy}>Copy the token</button>
      <button type="button" class="secondary" onClick=${signOut}>Sign out</button>
      <button type="button" class="secondary" onClick=${leave}>Leave the realm permanently</button>
    </div>
  </details>`;
}

function signOut() {
  ask("Sign out?", "This browser removes your token. Copy it first if you want to continue later.", "Sign out", () => {
    stop();
    forget();
    say("Signed out.");
  });
}

function leave() {
  const text = `${state.session.player} loses all gold and items. The name can never be used again.`;
  ask("Leave the realm permanently?", text, "Leave permanently", async () => {
    if (await act("Leave the realm", "DELETE", "/players/me")) {
      stop();
      forget();
      say("You have left the realm.");
    }
  });
}
