// run.mjs - Lighthouse on the dashboard's main pages, logged in, by day:
// accessibility and best practices, each at least LEAST. `make lighthouse`.

import { launch } from 'chrome-launcher';
import lighthouse, { desktopConfig } from 'lighthouse';

import { Stack } from '../conversations/stack.mjs';
import { fill, getter, pagesOf } from '../pages/story_data.mjs';

const LEAST = 95;
const CATEGORIES = ['accessibility', 'best-practices'];
// What the menu leads to, one of each kind, and the door.
const MAIN = ['/', '/requests', '/requests/{id}', '/usage', '/playground',
	'/keys', '/keys/{id}', '/keys/new', '/models', '/models/{id}', '/aliases',
	'/routing', '/budgets', '/alerts', '/cache', '/providers',
	'/providers/{id}', '/projects', '/members', '/audit', '/settings',
	'/account'];

async function logIn({ url, env }) {
	const answer = await fetch(`${url}/api/v1/auth/login`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email: env.ADMIN_EMAIL,
			password: env.ADMIN_PASSWORD }),
	});

	if (!answer.ok)
		throw new Error(`login: ${answer.status}`);
	return answer.headers.getSetCookie().map((line) => {
		const [, name, value] = line.match(/^([^=]+)=([^;]*)/);

		return { name, value };
	});
}

async function look(url, chrome, cookie) {
	const { lhr } = await lighthouse(url, {
		port: chrome.port,
		onlyCategories: CATEGORIES,
		extraHeaders: cookie ? { Cookie: cookie } : {},
		throttlingMethod: 'provided',
		logLevel: 'error',
	}, desktopConfig);
	const findings = Object.values(lhr.audits)
		.filter(({ score, scoreDisplayMode }) =>
			scoreDisplayMode === 'binary' && score < 1)
		.map(({ id, title, details }) => `${id}: ${title} ${
			(details?.items ?? []).slice(0, 3).map((item) =>
				item.node?.snippet ?? item.description ?? item.url ?? '')
				.join(' | ')}`);

	if (lhr.runtimeError)
		findings.push(lhr.runtimeError.message);
	return {
		landed: new URL(lhr.finalDisplayedUrl).pathname,
		scores: CATEGORIES.map((name) =>
			Math.round((lhr.categories[name].score ?? 0) * 100)),
		findings,
	};
}

const stack = new Stack({ set: { 'site.signup': 'open' } });
let chrome, failed = 0;

try {
	await stack.up();
	await fill(stack);
	const cookies = await logIn(stack);
	const cookie = cookies.map(({ name, value }) => `${name}=${value}`)
		.join('; ');
	const { pages } = await pagesOf(stack.url, getter(stack.url, cookies));
	const wanted = MAIN.map((path) => pages.find((page) =>
		page.path === path) ?? { path, link: path });

	chrome = await launch({
		chromePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
		chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu',
			'--disable-dev-shm-usage', '--blink-settings=preferredColorScheme=1'],
	});
	console.log(`${'page'.padEnd(20)}accessibility  best practices`);
	for (const { path, link } of [{ path: '/login' }, { path: '/signup' },
		...wanted]) {
		const { landed, scores, findings } = await look(
			stack.url + (link ?? path), chrome, link && cookie);
		const bad = landed !== (link ?? path) ||
			scores.some((score) => score < LEAST);

		failed += bad;
		console.log(`${path.padEnd(20)}${scores.map((score) =>
			String(score).padStart(13)).join('   ')}${bad ? '  TOO LOW' : ''}`);
		if (landed !== (link ?? path))
			console.log(`  came to ${landed}`);
		for (const finding of findings)
			console.log(`  ${finding}`);
	}
} finally {
	chrome?.kill();
	await stack.down();
}
if (failed) {
	console.error(`${failed} pages are below ${LEAST}`);
	process.exitCode = 1;
}
