// Opens HTML reports in Chromium, on a phone and on a desktop, light and dark, closed and opened, and
// says what is wrong: accessibility (axe), requests, console messages, anything wider than the screen.
//
//   make check-html REPORTS="a.html b.html"           (installs what it needs into tools/node_modules)
//   node tools/check_html.mjs [--shots DIR] REPORT…   CHROMIUM=/path/to/chromium, default /usr/bin/chromium
//
// Exit status: 0 nothing serious, 1 a serious or critical finding, 2 wrong usage.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
const GRAVE = new Set(["serious", "critical"]);

const given = process.argv.slice(2);
const shots = given[0] === "--shots" ? given.splice(0, 2)[1] : null;
if (!given.length) {
  console.error("usage: node tools/check_html.mjs [--shots DIR] REPORT…");
  process.exit(2);
}

/** What is wrong with one page in one look: [grave?, text] pairs. */
async function look(browser, file, size, colorScheme, open) {
  // The policy of a report lets no script in, and axe is one.
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme, bypassCSP: true });
  const page = await context.newPage();
  const found = [];
  page.on("console", (message) => found.push([true, `console: ${message.text()}`]));
  page.on("pageerror", (error) => found.push([true, `script: ${error.message}`]));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) found.push([true, `request: ${request.url()}`]);
  });
  await page.goto(pathToFileURL(resolve(file)).href);
  if (open) await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wider > 0) found.push([true, `${wider} pixels wider than the screen`]);
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const one of violations) {
    const where = one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ");
    found.push([GRAVE.has(one.impact), `${one.impact} ${one.id}: ${one.help} (${one.nodes.length}: ${where})`]);
  }
  if (shots) {
    const name = `${basename(file, ".html")}-${size}-${colorScheme}${open ? "-open" : ""}.png`;
    await page.screenshot({ path: join(shots, name), fullPage: !open });
  }
  await context.close();
  return found;
}

/** Without script and with the policy in force: does every word still stand there? */
async function withoutScript(browser, file) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const found = [];
  page.on("console", (message) => found.push([true, `console: ${message.text()}`]));
  await page.goto(pathToFileURL(resolve(file)).href);
  if ((await page.locator("main section").count()) < 2) found.push([true, "no sections without script"]);
  if (await page.locator("button:visible").count()) found.push([true, "a button that needs script is shown"]);
  await context.close();
  return found;
}

/** With the policy in force, the script runs: the buttons open everything. */
async function withPolicy(browser, file) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const found = [];
  page.on("console", (message) => found.push([true, `console: ${message.text()}`]));
  await page.goto(pathToFileURL(resolve(file)).href);
  await page.locator('button[data-open="yes"]').click();
  if (await page.locator("details:not([open])").count()) found.push([true, "a part stays closed"]);
  await context.close();
  return found;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
let grave = 0;
for (const file of given) {
  const said = new Map();
  const add = (where, found) => found.forEach(([bad, text]) => {
    said.set(text, [bad, [...(said.get(text)?.[1] ?? []), where]]);
  });
  for (const size of Object.keys(SIZES)) {
    for (const scheme of ["light", "dark"]) {
      for (const open of [false, true]) {
        add(`${size} ${scheme}${open ? " open" : ""}`, await look(browser, file, size, scheme, open));
      }
    }
  }
  add("without script", await withoutScript(browser, file));
  add("with policy", await withPolicy(browser, file));
  const bad = [...said.values()].filter(([one]) => one).length;
  grave += bad;
  console.log(`${bad ? "FAIL" : "ok  "} ${file}`);
  for (const [text, [one, where]] of said) console.log(`  ${one ? "!" : "-"} ${text} [${where.join(", ")}]`);
}
await browser.close();
process.exit(grave ? 1 : 0);
