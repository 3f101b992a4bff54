// The stages of the pipeline. Each stage shows how many events it has processed, its rate, and its lag behind the log.
import { html } from "../lib.js";
import { rate, rateHistory } from "../pipeline.js";
import { count, duration } from "../text.js";

const MAX_REALMS = 12; // if there are more realms, only those with the largest lag are shown

const STAGES = {
  accepted: ["Kafka", "stores the events in a log, in order. Once an event is here, its action is accepted."],
  settled: ["Redis", "holds the balances. Spark settles the events in the order of the log, and the API reads the result."],
  landed: ["HDFS", "is the archive. Spark lands the same events in tables, which analysts query with Presto."],
};

export function Stages({ realm = null, explained = false, open_holds: holds, ...numbers }) {
  return html`<ol class=${`stages ${explained ? "explained" : "brief"}`}>
    <li class="stage">
      <h3>API</h3>
      <p><strong class="large">${count(holds)}</strong>${holds === 1 ? " hold" : " holds"}</p>
      ${
        explained &&
        html`<p class="meaning"><b>The API</b> checks the rules, holds what an action takes, and appends the
        event to the log.</p>`
      }
    </li>
    ${Object.keys(STAGES).map((stage) => html`<${Stage} key=${stage} ...${{ stage, realm, explained, numbers }} />`)}
  </ol>`;
}

function Stage({ stage, realm, explained, numbers }) {
  const [title, meaning] = STAGES[stage];
  return html`<li class="stage">
    <h3>${title}</h3>
    <p><strong class="large">${count(numbers[stage])}</strong> ${stage}</p>
    <p>${speed(rate(stage, realm))}</p>
    <${Lag} stage=${stage} ...${numbers} />
    ${explained && html`<${Chart} stage=${stage} /><p class="meaning"><b>${title}</b> ${meaning}</p>`}
  </li>`;
}

export function Realms({ realms }) {
  const shown = [...realms].sort((a, b) => b.settle_lag - a.settle_lag).slice(0, MAX_REALMS);
  const left = realms.length - shown.length;
  return html`<section aria-labelledby="realms">
    <h2 id="realms">Realm by realm</h2>
    <p>A realm is one partition of the log: its events are settled in order, independently of other realms.
      ${left > 0 && ` ${left} more realms with less lag are not shown.`}</p>
    <div class="realms">
      ${shown.sort((a, b) => a.realm - b.realm).map((realm) => html`<${Realm} key=${realm.realm} ...${realm} />`)}
    </div>
  </section>`;
}

function Realm(realm) {
  const id = `realm-${realm.realm}`;
  return html`<section class="card" aria-labelledby=${id}>
    <h3 id=${id}>Realm ${realm.realm}${realm.halted && " (halted)"}${realm.recovering && " (recovering)"}</h3>
    <${Stages} ...${realm} />
  </section>`;
}

function Lag({ stage, settle_lag: settle, land_lag: land, lag_seconds: seconds }) {
  if (stage === "accepted") return null;
  const lag = stage === "settled" ? settle : land;
  if (lag === null) return html`<p class="lag">lag unknown</p>`;
  const time = stage === "settled" && lag && seconds ? `, ${duration(seconds)}` : "";
  return html`<p class=${lag ? "lag" : "lag none"}>${lag ? `${count(lag)} behind${time}` : "up to date"}</p>`;
}

function speed(perSecond) {
  if (perSecond === null) return "– per second";
  return `${perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond))} per second`;
}

// A chart of a stage's rate in the last minute. Screen readers skip the chart, because the current rate also stands
// beside it as a number.
function Chart({ stage }) {
  const points = rateHistory(stage);
  const most = Math.max(1, ...points.map((point) => point.rate));
  const end = points.at(-1)?.at ?? 0;
  const line = points.map((point) => `${120 + 2 * (point.at - end)},${30 - (28 * point.rate) / most}`).join(" ");
  return html`<svg class="course" viewBox="0 0 120 32" preserveAspectRatio="none" aria-hidden="true">
    <polyline points=${line} />
  </svg>`;
}
