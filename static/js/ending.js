// ending.js - a login that nobody uses ends: it is told of a minute before, in
// each tab, and one can stay. The server decides when it ends; without this
// file it ends all the same.

const dialog = document.getElementById('ending');
const tabs = new BroadcastChannel('login');
const WARNING_MS = 60000;
const LOGOUT_MS = 1000; // until the server has done it
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const now = () => Date.now();
let endsAt, warnsAt, timer, ticking;

// What the server says of the rest of this login, and the other tabs hear.
function lasts(restMs) {
	endsAt = now() + restMs;
	// Where a login is short, so is the warning.
	warnsAt = endsAt - Math.min(WARNING_MS, restMs / 3);
	wait();
}

function wait() {
	clearTimeout(timer);
	timer = setTimeout(() => look().catch(() => wait()),
		Math.min(Math.max(warnsAt - now(), 250), LONGEST_TIMER_MS));
}

// A tab may have been used since, or a script of this page. Only `isUse` puts
// off the end.
async function ask(isUse) {
	const answer = await fetch('/api/v1/auth/session', { headers: {
		Accept: 'application/json',
		...(isUse ? {} : { 'X-Gateway-Background': '1' }),
	} });

	if (answer.status === 401)
		return leave();
	if (!answer.ok)
		throw new Error(`status ${answer.status}`);
	return (await answer.json()).ends_in_ms;
}

async function look() {
	if (now() < warnsAt)
		return wait();
	const restMs = await ask(false);
	const isLater = now() + restMs > endsAt + 1000;

	if (isLater)
		return lasts(restMs);
	endsAt = now() + restMs;
	warn();
}

function warn() {
	if (!dialog.open)
		dialog.showModal();
	tick();
	ticking ??= setInterval(tick, 1000);
}

function tick() {
	const seconds = Math.max(0, Math.ceil((endsAt - now()) / 1000));
	const rest = dialog.querySelector('[data-rest]');

	rest.textContent = `${Math.floor(seconds / 60)}:${
		String(seconds % 60).padStart(2, '0')}`;
	// The server is asked once more, in case that another knows better.
	if (now() > endsAt + 500)
		ask(false).then((restMs) => restMs > 1000 && goOn(restMs),
			() => {});
}

function goOn(restMs) {
	clearInterval(ticking);
	ticking = undefined;
	dialog.close();
	lasts(restMs);
}

async function stay() {
	const restMs = await ask(true);

	tabs.postMessage({ restMs });
	goOn(restMs);
}

function leave() {
	const here = location.pathname + location.search;

	clearInterval(ticking);
	location.assign(`/login?ended=1&next=${encodeURIComponent(here)}`);
	return new Promise(() => {}); // nothing else happens on this page
}

tabs.addEventListener('message', ({ data }) => {
	if (data.restMs && now() + data.restMs > endsAt)
		goOn(data.restMs);
	else if (data.isLoggingOut)
		setTimeout(() => ask(false).catch(() => {}), LOGOUT_MS);
});
// Escape says that somebody is there.
dialog.addEventListener('cancel', (event) => {
	event.preventDefault();
	stay().catch(() => {});
});
dialog.querySelector('[data-stay]').addEventListener('click', () =>
	stay().catch(() => {}));
document.addEventListener('submit', (event) => {
	if (event.target.action.endsWith('/logout'))
		tabs.postMessage({ isLoggingOut: true });
});

lasts(Number(dialog.dataset.endsIn));
tabs.postMessage({ restMs: endsAt - now() });
