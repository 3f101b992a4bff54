// The view without a session. The player registers, or enters with a token.
import { Problem } from "../client.js";
import { play } from "../game.js";
import { html } from "../lib.js";
import { alertError, say } from "../messages.js";
import { enterWith, register } from "../session.js";
import { state, update } from "../store.js";
import { Field, Form, Glossary } from "./components.js";

export function Join() {
  return html`<div class="join">
    <h1 tabindex="-1">Enter the Guildhall</h1>
    <p class="lead">A small fighting game with a strict ledger: each of your actions is an event that goes through a
      real pipeline, and no gold is ever spent twice.</p>
    <div class="two">
      <section class="card" aria-labelledby="new">
        <h2 id="new">A new player</h2>
        <${Form} run=${enter} label="Register" button="Enter the realm">
          <${Field} label="Name" name="name" pattern="[a-z][a-z0-9_]{1,23}" maxlength="24" autocapitalize="none"
            spellcheck="false" hint="2 to 24 small letters, digits or _; leave it empty to be a guest" />
          <${Field} label="Realm" name="realm" hint="Players only meet within a realm."
            options=${state.realms.map((realm) => [realm, `Realm ${realm}`])} />
        <//>
      </section>
      <section class="card" aria-labelledby="known">
        <h2 id="known">You have a token?</h2>
        <p>Your token identifies you; there is no password. This browser stores it. Enter it on another device to
          continue there.</p>
        <${Form} run=${bring} label="Enter with a token" button="Continue" look="secondary">
          <${Field} label="Token" name="token" required spellcheck="false" />
        <//>
      </section>
    </div>
    <${Glossary} />
  </div>`;
}

// The view that is shown until the registration is settled.
export function Arriving() {
  return html`<section class="card" aria-busy="true">
    <h1 tabindex="-1">Welcome, ${state.session.player}</h1>
    <p>Your registration is accepted. You can play as soon as it is settled …</p>
  </section>`;
}

async function enter({ name, realm }) {
  return begin(async () => {
    await register(Number(realm), name.trim(), (problem) => say(`${problem.message} Trying again …`));
    say(`Welcome, ${state.session.player}: your registration is pending.`);
  });
}

async function bring({ token }) {
  return begin(() => enterWith(token.trim()));
}

async function begin(how) {
  try {
    await how();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    alertError(problem.message);
    return false;
  }
  update({ route: { tab: "play", view: "arena" } });
  play();
  return true;
}
