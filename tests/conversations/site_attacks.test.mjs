// site_attacks.test.mjs - what strangers and other tenants try at each row of
// the dashboard's table. The rows come from the gateway itself, so a new page
// is attacked without a word here.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fill, FOLDER, pagesOf, PASSWORD, rowsOf }
	from '../pages/story_data.mjs';
import { Browser } from './browser.mjs';
import { useStack } from './stack.mjs';
import { call } from './wire.mjs';

const EVIL = '"\'><img src=x onerror=alert(7)>';
const MARK = 'victim-of-it-all';
const INJECTED = 'a\r\nX-Injected: 1\r\nSet-Cookie: planted=1';

let admin, thief; // the operator; the owner of another organisation
let rows, ids; // part of a path → ids of the admin's organisation

const stack = useStack({ set: { 'site.signup': 'open',
	'site.login_failures': 1000 } }, async () => {
	await fill(stack);
	await plant();
	admin = new Browser(stack.url);
	await admin.logIn(stack.env.ADMIN_EMAIL, stack.env.ADMIN_PASSWORD);
	thief = await signUp('thief@example.com');
	rows = await rowsOf(stack.url);
	ids = await idsOf(admin);
});

// Markup wherever somebody else's words are kept.
async function plant() {
	await stack.cli(['project', 'add', `${MARK} ${EVIL}`]).catch(() => {});
	await stack.createKey(`${MARK} ${EVIL}`);
	const answers = [
		await stack.chat({ model: 'steady', user: `${MARK} ${EVIL}`,
			messages: [{ role: 'user', content: EVIL }] },
		{ headers: { 'user-agent': EVIL } }),
	];

	await stack.chat({ model: `no-such-${EVIL}`,
		messages: [{ role: 'user', content: 'x' }] });
	const browser = new Browser(stack.url);
	await browser.send('POST', '/api/v1/auth/login', {
		json: { email: stack.env.ADMIN_EMAIL,
			password: stack.env.ADMIN_PASSWORD },
		headers: { 'user-agent': EVIL },
	});
	browser.csrf = (await browser.get('/api/v1/auth/me')).json().csrf_token;
	await stack.rows(answers.map((answer) => answer.headers['x-request-id']));
}

async function signUp(email) {
	const browser = new Browser(stack.url);
	const answer = await browser.send('POST', '/api/v1/auth/signup', { json: {
		email, password: PASSWORD, name: 'Thief', organisation: 'Thieves',
	} });

	assert.equal(answer.status, 200, answer.text);
	browser.csrf = answer.json().csrf_token;
	browser.token = answer.json().token;
	return browser;
}

const html = { accept: 'text/html' };
const page = (browser) => async (where) => {
	const answer = await browser.get(where, html);

	return { status: answer.status, text: answer.text,
		type: answer.headers['content-type'] ?? '' };
};

// Ids that the pages of one's own organisation name.
async function idsOf(browser) {
	const out = new Map();
	const { pages } = await pagesOf(stack.url, page(browser));

	for (const { link } of pages) {
		const { text } = await page(browser)(link);

		for (const [, kind, id] of text.matchAll(
			/(?:href|action)="\/([a-z-]+)\/([A-Za-z0-9_]+)[/"?]/g))
			if (/^(\d+|req_\w+)$/.test(id))
				out.set(kind, (out.get(kind) ?? new Set()).add(id));
	}
	return out;
}

// Values that a row's fields take.
function fieldsOf(row, text = 'x') {
	const { properties = {} } = row.operation.requestBody
		?.content['application/json'].schema ?? {};

	return Object.fromEntries(Object.entries(properties).map(
		([name, { type, minimum, enum: words, format }]) => [name,
			type === 'integer' ? minimum
			: type === 'boolean' ? true
			: words ? words.find((word) => word) ?? ''
			: format === 'date' ? '2026-01-01'
			: name === 'email' ? 'x@example.com'
			: /usd|limit|price|amount/.test(name) ? '1' : text]));
}

const changes = () => rows.filter(({ method }) => method !== 'GET');
const isPublic = ({ operation }) => operation.security?.length === 0;
const isOperators = ({ operation }) => /operator/.test(operation.description);
const nameOf = ({ method, path }) => `${method} ${path}`;
const at = (row, id) => row.path.replace('{id}', id);

// Nothing of the gateway broke, nothing came back as a header.
function assertCalm(answer, what) {
	assert.ok(answer.status < 500, `${what}: ${answer.status} ${answer.text}`);
	assert.equal(answer.headers['x-injected'], undefined, what);
	assert.ok(!(answer.headers['set-cookie'] ?? []).some((line) =>
		line.startsWith('planted')), what);
	assert.doesNotMatch(answer.text, /SQL syntax|MariaDB|Duplicate entry/, what);
}

test('ids of another organisation are nobody\'s', async () => {
	const before = await everything();
	let tried = 0;

	for (const row of rows.filter(({ path }) => path.includes('{id}'))) {
		const kind = row.path.split('/')[1];

		// Where a token is the id, there is none to be forged. The catalogue,
		// aliases of no project among it, is everybody's to see.
		if (isPublic(row) || ['models', 'providers', 'aliases']
			.includes(kind))
			continue;
		for (const id of [...ids.get(kind) ?? ['1']].slice(0, 4)) {
			const answer = await thief.api(row.method, at(row, id),
				row.method === 'GET' ? undefined : fieldsOf(row));

			assertCalm(answer, nameOf(row));
			assert.equal(answer.status, isOperators(row) ? 403 : 404,
				`${nameOf(row)} of ${id}: ${answer.text}`);
			assert.ok(!answer.text.includes(MARK), nameOf(row));
			tried++;
		}
	}
	assert.ok(tried > 10, `${tried}`);
	assert.deepEqual(await everything(), before);
});

// What the admin sees of what can be changed.
async function everything() {
	const out = {};

	for (const where of ['/keys', '/projects', '/members', '/budgets'])
		out[where] = (await admin.get(`${FOLDER}${where}`)).json();
	return JSON.stringify(out).replace(/"(text|iso)":"[^"]*"/g, '');
}

test('strange ids are not found, on every row', async () => {
	for (const row of rows.filter((one) => one.path.includes('{id}')))
		for (const id of ['0', '-1', '99999999999999999999', 'x',
			'1%20OR%201%3D1', '1%27--', '%00', '1%0d%0aX-Injected:%201',
			'%ff', 'a'.repeat(5000)]) {
			const answer = await thief.api(row.method, at(row, id),
				row.method === 'GET' ? undefined : fieldsOf(row));

			assertCalm(answer, `${nameOf(row)} of ${id.slice(0, 30)}`);
			assert.ok(answer.status >= 400,
				`${nameOf(row)} of ${id.slice(0, 30)}: ${answer.status}`);
		}
});

test('no change without the token of the session, on any row', async () => {
	for (const row of changes().filter((one) => !isPublic(one))) {
		const where = at(row, [...ids.get(row.path.split('/')[1]) ?? ['1']][0]);

		for (const headers of [{ 'x-csrf-token': undefined },
			{ 'x-csrf-token': thief.csrf },
			{ 'sec-fetch-site': 'cross-site' },
			{ origin: 'https://evil.example' }]) {
			const answer = await admin.api(row.method, where, fieldsOf(row),
				headers);

			assert.equal(answer.status, 403,
				`${nameOf(row)}, ${JSON.stringify(headers)}: ${answer.text}`);
		}
	}
	for (const row of changes().filter(isPublic)) {
		const answer = await new Browser(stack.url).api(row.method,
			at(row, 'x'), fieldsOf(row), { 'sec-fetch-site': 'cross-site' });

		assert.equal(answer.status, 403, `${nameOf(row)}: ${answer.text}`);
	}
});

test('without a login there is nothing but what is everybody\'s', async () => {
	const nobody = new Browser(stack.url);

	for (const row of rows.filter((one) => !isPublic(one))) {
		const answer = await nobody.api(row.method, at(row, '1'),
			row.method === 'GET' ? undefined : fieldsOf(row));

		assert.equal(answer.status, 401, `${nameOf(row)}: ${answer.text}`);
	}
});

test('what others wrote is text on every page', async () => {
	const { pages } = await pagesOf(stack.url, page(admin));
	let seen = 0;

	for (const { link } of pages) {
		const answer = await admin.get(link, html);

		assert.doesNotMatch(answer.text, /<img src=x/, link);
		// In an attribute, a quote must not end it.
		assert.doesNotMatch(answer.text, /"'>/, link);
		if (answer.text.includes('&lt;img src=x'))
			seen++;
	}
	assert.ok(seen >= 4, `${seen} pages show what was planted`);
	const strange = await admin.get(`/requests?model=${
		encodeURIComponent(EVIL)}&text=${encodeURIComponent(EVIL)}`, html);

	assert.doesNotMatch(strange.text, /<img src=x/);
	for (const where of [`/${encodeURIComponent(EVIL)}`,
		`/login?next=${encodeURIComponent(EVIL)}`]) {
		const answer = await new Browser(stack.url).get(where, html);

		assert.doesNotMatch(answer.text, /<img src=x/, where);
	}
});

test('SQL in every filter is text', async () => {
	const texts = ['\' OR 1=1 -- ', '1; DROP TABLE users', '") UNION SELECT 1 -- ',
		'%', '_', '\\', '\0', '\u{1f600}', INJECTED, EVIL];

	for (const row of rows.filter(({ method, path }) =>
		method === 'GET' && !path.includes('{id}'))) {
		const names = (row.operation.parameters ?? [])
			.map(({ name }) => name);

		for (const name of names)
			for (const text of texts) {
				const answer = await admin.get(`${FOLDER}${row.path}?${
					encodeURIComponent(name)}=${encodeURIComponent(text)}`);

				assertCalm(answer, `${nameOf(row)} ${name}=${text}`);
				assert.ok([200, 400, 404].includes(answer.status),
					`${nameOf(row)} ${name}=${text}: ${answer.status}`);
			}
	}
	assert.equal((await admin.get(`${FOLDER}/keys`)).status, 200);
});

test('a megabyte in any field is refused', async () => {
	const large = 'A'.repeat(1 << 20);

	for (const row of changes().filter((one) => !isPublic(one)))
		for (const [name, value] of Object.entries(fieldsOf(row))) {
			if (typeof value !== 'string' || name === 'csrf')
				continue;
			const fields = { ...fieldsOf(row), [name]: large };
			const answer = await thief.api(row.method, at(row, '1'), fields);
			assertCalm(answer, `${nameOf(row)} ${name}`);
			assert.ok([400, 403, 404, 413].includes(answer.status),
				`${nameOf(row)} ${name}: ${answer.status}`);
			assert.ok(answer.text.length < 200000, `${nameOf(row)} echoes`);
		}
});

test('bodies that are no form and no JSON', async () => {
	const bodies = [
		['application/json', '{"name":'], ['application/json', '[]'],
		['application/json', '"x"'], ['application/json', '\xff\xfe'],
		['application/json', '['.repeat(100000)],
		['application/json', '{"name":{"$gt":""},"email":[]}'],
		['multipart/form-data; boundary=x', '--x\r\nnonsense'],
		['multipart/form-data', '--'], ['text/csv', 'a,b\n"1'],
		['application/x-www-form-urlencoded', '%%%=%zz&&&==&a=%00&a=%ff'],
		['application/x-www-form-urlencoded', 'a='.repeat(100000)],
		['', 'x'], ['application/xml',
			'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
	];

	// Those that need something: the others do what they do without.
	for (const row of changes().filter(({ operation }) =>
		operation.requestBody?.content['application/json'].schema
			.required?.length))
		for (const [type, body] of bodies) {
			const answer = await thief.send(row.method,
				FOLDER + at(row, '1'), { body: Buffer.from(body, 'latin1'),
					headers: { 'content-type': type,
						'x-csrf-token': thief.csrf } });

			assertCalm(answer, `${nameOf(row)} ${type} ${body.slice(0, 30)}`);
			assert.ok(answer.status >= 400 && answer.status < 500,
				`${nameOf(row)} ${type} ${body.slice(0, 30)}: ${
					answer.status} ${answer.text.slice(0, 200)}`);
		}
});

test('line ends in names reach no header', async () => {
	for (const row of changes().filter((one) => !isPublic(one) &&
		!one.path.includes('{id}') && !/logout|switch|sessions/.test(one.path)))
		assertCalm(await thief.api(row.method, row.path,
			fieldsOf(row, INJECTED)), nameOf(row));
	for (const row of rows.filter(({ method, path }) =>
		method === 'GET' && !path.includes('{id}'))) {
		const answer = await thief.get(`${row.path}?next=%0d%0aX-Injected:%201`,
			html);

		assertCalm(answer, nameOf(row));
	}
	assertCalm(await thief.get('/%0d%0aX-Injected:%201'), 'a path');
});

test('a redirect leads to no other site', async () => {
	for (const next of ['//evil.example', 'https://evil.example',
		'/\\evil.example', '\\/evil.example', '/\t/evil.example',
		'javascript:alert(1)', ' //evil.example', '///evil.example',
		'/%2f/evil.example', '/.//evil.example'])
		for (const row of changes().filter((one) =>
			'next' in fieldsOf(one) && !isPublic(one))) {
			const answer = await thief.post(row.path,
				{ ...fieldsOf(row), next });
			const location = answer.headers.location ?? '/';

			assertCalm(answer, `${nameOf(row)} ${next}`);
			assert.equal(new URL(location, 'http://own.example').origin,
				'http://own.example', `${nameOf(row)} ${next}: ${location}`);
		}
});

// Of pages, JSON, errors, files, and what the web server says itself.
async function assertHeaders(base, options) {
	const places = [['/', {}], ['/login', html], ['/nothing', html],
		['/nothing', {}], [`${FOLDER}/keys`, {}], ['/v1/models', {}],
		['/v1/health', {}], ['/_/css/site.css', {}], ['/_/icon.svg', {}],
		['/_/nothing.js', {}], ['/%', {}], ['/login%00', {}]];

	for (const [where, headers] of places) {
		const answer = await call(base + where, { method: 'GET', headers,
			...options });
		const what = `${base}${where}: ${answer.status}`;

		assert.ok(answer.status < 500, what);
		assert.equal(answer.headers['x-content-type-options'], 'nosniff', what);
		assert.equal(answer.headers['x-frame-options'], 'DENY', what);
		assert.equal(answer.headers['referrer-policy'], 'same-origin', what);
		assert.match(answer.headers['content-security-policy'] ?? 'none',
			/default-src '(self|none)'.*frame-ancestors 'none'/, what);
		assert.doesNotMatch(answer.headers['content-security-policy'],
			/unsafe|\*|http:/, what);
		assert.doesNotMatch(answer.headers.server ?? '', /\d/, what);
		assert.equal(answer.headers['x-powered-by'], undefined, what);
		if (options.ca)
			assert.match(answer.headers['strict-transport-security'] ?? '',
				/max-age=\d{7,}/, what);
	}
}

test('headers that protect are on every answer', async () => {
	await assertHeaders(stack.url, {});
	await assertHeaders(stack.env.HTTPS_URL, { ca: stack.certificate });
});

test('cookies of every kind go by TLS alone behind TLS', async () => {
	const browser = new Browser(stack.env.HTTPS_URL);
	const login = await call(`${stack.env.HTTPS_URL}/login`, {
		method: 'POST', ca: stack.certificate,
		headers: { 'content-type': 'application/x-www-form-urlencoded',
			origin: stack.env.HTTPS_URL, 'sec-fetch-site': 'same-origin',
			accept: 'text/html' },
		body: new URLSearchParams({ email: 'the-owner@example.com',
			password: PASSWORD }).toString(),
	});

	assert.equal(login.status, 303, login.text);
	browser.keep(login.headers['set-cookie']);
	assert.ok(browser.attributes.size >= 2);
	for (const line of browser.attributes.values()) {
		assert.match(line, /; Secure/);
		assert.match(line, /; HttpOnly/);
		assert.match(line, /; SameSite=(Lax|Strict)/);
	}
});

test('the log has no secret of any of this', () => {
	const logs = stack.logs();

	for (const secret of [PASSWORD, stack.key, thief.token, thief.csrf,
		stack.env.ADMIN_PASSWORD, ...thief.cookies.values()])
		assert.ok(!logs.includes(secret), secret.slice(0, 12));
});
