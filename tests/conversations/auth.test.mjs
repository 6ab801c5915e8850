// auth.test.mjs - logging in, staying so, and everything that strangers try.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { Browser } from './browser.mjs';
import { assertError, until, useStack } from './stack.mjs';
import { call } from './wire.mjs';

const PASSWORD = 'correct horse battery';
let admin;

const stack = useStack({
	processes: 4,
	set: { 'site.login_failures': 5, 'site.login_window_ms': 4000,
		'site.login_failures_ip': 1000, 'site.token_ms': 2000 },
}, async () => {
	await stack.cli(['project', 'add', 'one']);
	await stack.cli(['project', 'add', 'two']);
	for (const [name, role] of [['viewer', 'viewer'], ['member', 'member'],
		['second-admin', 'admin'], ['owner', 'owner']])
		await addUser(`${name}@example.com`, role);
	admin = new Browser(stack.url);
	await admin.logIn(stack.env.ADMIN_EMAIL, stack.env.ADMIN_PASSWORD);
});

const addUser = (email, role = 'member') => stack.cli(
	['user', 'add', email, '--role', role, '--password-stdin'],
	{ input: PASSWORD });

async function loggedIn(name) {
	const browser = new Browser(stack.url);

	await browser.logIn(`${name}@example.com`, PASSWORD);
	return browser;
}

// An account that no other test uses up.
async function fresh(name, role) {
	await addUser(`${name}@example.com`, role);
	return `${name}@example.com`;
}

test('a login answers a token, beside cookies that scripts cannot read', async () => {
	const browser = new Browser(stack.url);
	const answer = await browser.logIn('MEMBER@example.com', PASSWORD);
	const body = answer.json();

	assert.equal(body.token_type, 'Bearer');
	assert.equal(body.token.split('.').length, 3);
	assert.ok(Date.parse(body.expires) > Date.now());
	assert.equal(body.user.email, 'member@example.com');
	assert.equal(body.user.operator, false);
	assert.ok(!answer.text.includes(PASSWORD));
	assert.deepEqual([...browser.cookies.keys()].sort(),
		['gateway_login', 'gateway_token']);
	for (const line of browser.attributes.values()) {
		assert.match(line, /; HttpOnly/);
		assert.match(line, /; SameSite=Lax/);
		assert.match(line, /; Path=\//);
		assert.doesNotMatch(line, /; Secure|; Domain/);
	}
	assert.equal(answer.headers['cache-control'], 'no-store');
	assert.equal(await browser.me(), 200);
});

test('behind TLS, cookies go by TLS alone', async () => {
	const answer = await call(`${stack.env.HTTPS_URL}/api/v1/auth/login`, {
		method: 'POST', ca: stack.certificate,
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email: 'member@example.com',
			password: PASSWORD }),
	});

	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.headers['set-cookie'].length, 2);
	for (const line of answer.headers['set-cookie'])
		assert.match(line, /; Secure/);
});

test('a form logs in, and leads where one wanted to go', async () => {
	for (const [next, location] of [['/account', '/account'], ['', '/'],
		['/requests?from=1&to=2', '/requests?from=1&to=2'],
		['//evil.example', '/'], ['https://evil.example', '/'],
		['/\\evil.example', '/'], ['javascript:alert(1)', '/'],
		['\\\\evil.example', '/']]) {
		const browser = new Browser(stack.url);
		const answer = await browser.post('/login', {
			email: 'member@example.com', password: PASSWORD, next });

		assert.equal(answer.status, 303, `${next}: ${answer.text}`);
		assert.equal(answer.headers.location, location, next);
		assert.equal(browser.cookies.size, 2, next);
	}
	for (const next of ['/\t/evil.example', '/x\r\nSet-Cookie: a=b']) {
		const answer = await new Browser(stack.url).post('/login', {
			email: 'member@example.com', password: PASSWORD, next });

		assert.equal(answer.status, 400, next);
		assert.equal(answer.headers['set-cookie'], undefined);
	}
	const asked = await call(`${stack.url}/login?next=//evil.example`,
		{ headers: { accept: 'text/html' } });

	assert.equal(asked.status, 200);
	assert.doesNotMatch(asked.text, /evil\.example/);
});

test('a wrong password and an unknown address are one answer', async () => {
	await fresh('known');
	const browser = new Browser(stack.url);
	const wrong = await browser.tryLogIn('known@example.com', 'not this one');
	const unknown = await browser.tryLogIn('unknown@example.com', PASSWORD);

	assertError(wrong, 401, 'invalid_login');
	assertError(unknown, 401, 'invalid_login');
	assert.equal(wrong.json().error.message, unknown.json().error.message);
	assert.equal(browser.cookies.size, 0);
	assert.equal((await browser.tryLogIn('known@example.com', PASSWORD)).status,
		200);
});

// Both hash: neither is much quicker. The bound is wide, for busy machines.
test('an unknown address takes as long', async () => {
	const times = { known: [], unknown: [] };
	const browser = new Browser(stack.url);

	await fresh('slow');
	for (let i = 0; i < 4; i++) {
		for (const [kind, email] of [['known', 'slow@example.com'],
			['unknown', `nobody${i}@example.com`]]) {
			const start = performance.now();

			assert.equal((await browser.tryLogIn(email, 'wrong one')).status,
				401);
			times[kind].push(performance.now() - start);
		}
	}
	assert.ok(Math.min(...times.unknown) > Math.min(...times.known) / 3,
		JSON.stringify(times));
});

test('tries of one account are counted over all processes, then time helps', async () => {
	const email = await fresh('throttled');
	const tries = await Promise.all(Array.from({ length: 40 }, () =>
		new Browser(stack.url).tryLogIn(email, 'guess')));
	const statuses = tries.map(({ status }) => status);

	assert.equal(statuses.filter((status) => status === 401).length, 5,
		statuses.join());
	assert.equal(statuses.filter((status) => status === 429).length, 35);
	const refused = await new Browser(stack.url).tryLogIn(email, PASSWORD);

	assertError(refused, 429, 'rate_limit_exceeded');
	assert.ok(Number(refused.headers['retry-after']) >= 1);
	// Another account is not concerned, and time passes.
	assert.equal((await new Browser(stack.url).tryLogIn(
		'member@example.com', PASSWORD)).status, 200);
	await until(async () => (await new Browser(stack.url).tryLogIn(
		email, PASSWORD)).status === 200, 'the window to pass',
	{ ms: 15000, every: 300 });
});

test('an address that nobody has is throttled the same', async () => {
	const statuses = [];

	for (let i = 0; i < 7; i++)
		statuses.push((await new Browser(stack.url).tryLogIn(
			i % 2 ? 'GHOST@example.com' : 'ghost@example.com', 'guess'))
			.status);
	assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
});

test('right passwords are not counted', async () => {
	const email = await fresh('often');

	for (let i = 0; i < 12; i++)
		assert.equal((await new Browser(stack.url).tryLogIn(email,
			PASSWORD)).status, 200);
});

test('a login makes a new session, and ends the one that came', async () => {
	const browser = new Browser(stack.url);

	// A session that somebody planted.
	browser.cookies.set('gateway_login', 'A'.repeat(43));
	browser.cookies.set('gateway_token', 'a.b.c');
	await browser.logIn('member@example.com', PASSWORD);
	assert.notEqual(browser.cookies.get('gateway_login'), 'A'.repeat(43));
	const before = browser.cookie;

	await browser.logIn('viewer@example.com', PASSWORD);
	assert.notEqual(browser.cookie, before);
	const old = await call(`${stack.url}/api/v1/auth/me`,
		{ headers: { cookie: before } });

	assertError(old, 401, 'not_logged_in');
});

test('a token is renewed, and the login token with it', async () => {
	const browser = await loggedIn('member');
	const before = new Map(browser.cookies);

	await until(async () => {
		assert.equal(await browser.me(), 200);
		return browser.cookies.get('gateway_token') !==
			before.get('gateway_token');
	}, 'another token', { every: 200 });
	assert.notEqual(browser.cookies.get('gateway_login'),
		before.get('gateway_login'));
	// By itself, the JWT is over, and says nothing.
	assertError(await call(`${stack.url}/api/v1/auth/me`, { headers:
		{ authorization: `Bearer ${before.get('gateway_token')}` } }),
	401, 'not_logged_in');
	const refreshed = await browser.api('POST', '/auth/refresh');

	assert.equal(refreshed.status, 200, refreshed.text);
	assert.equal((await call(`${stack.url}/api/v1/auth/me`, { headers:
		{ authorization: `Bearer ${refreshed.json().token}` } })).status, 200);
});

test('logging out ends the session on every process', async () => {
	const browser = await loggedIn('member');
	const copy = browser.cookie;
	const answer = await browser.api('POST', '/auth/logout');

	assert.equal(answer.status, 200, answer.text);
	assert.deepEqual([...browser.cookies.keys()]
		.filter((name) => name.startsWith('gateway')), []);
	const answers = await Promise.all(Array.from({ length: 16 }, () =>
		call(`${stack.url}/api/v1/auth/me`, { headers: { cookie: copy } })));

	for (const late of answers)
		assertError(late, 401, 'not_logged_in');
});

test('one ends one\'s own sessions, and nobody else\'s', async () => {
	const [first, second, other] = [await loggedIn('owner'),
		await loggedIn('owner'), await loggedIn('viewer')];
	const { sessions } = (await first.get('/api/v1/auth/sessions')).json();
	const mine = sessions.find(({ current }) => current);
	const theirs = (await other.get('/api/v1/auth/sessions')).json()
		.sessions.find(({ current }) => current);

	assert.ok(sessions.length >= 2);
	assertError(await first.api('DELETE', `/auth/sessions/${theirs.id}`),
		404, 'not_found');
	assert.equal(await other.me(), 200);
	for (const id of ['0', '-1', 'x', '1%20OR%201=1', '99999999999999999999'])
		assertError(await first.api('DELETE', `/auth/sessions/${id}`),
			404, 'not_found');
	const target = (await second.get('/api/v1/auth/sessions')).json()
		.sessions.find(({ current }) => current);

	assert.notEqual(target.id, mine.id);
	assert.equal((await first.api('DELETE', `/auth/sessions/${target.id}`))
		.status, 200);
	assert.equal(await second.me(), 401);
	assert.equal(await first.me(), 200);
});

test('a change by a cookie needs the token of this session', async () => {
	const browser = await loggedIn('member');
	const other = await loggedIn('viewer');
	const profile = { name: 'M', locale: 'en', time_zone: 'UTC', theme: '' };

	for (const token of [undefined, '', 'x', other.csrf, browser.csrf.slice(1),
		`${browser.csrf}0`, browser.csrf.toUpperCase() === browser.csrf
			? 'x' : browser.csrf.toUpperCase()]) {
		assertError(await browser.api('PATCH', '/auth/me', profile,
			{ 'x-csrf-token': token }), 403, 'csrf');
		const form = new Browser(stack.url);

		form.cookies = browser.cookies;
		form.csrf = token;
		assert.equal((await form.post('/account', profile)).status, 403);
	}
	assert.equal((await browser.post('/account', profile,
		{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }))
		.status, 403);
	const saved = await browser.post('/account', profile);

	assert.equal(saved.status, 303, saved.text);
	// A program with a Bearer token needs none.
	assert.equal((await call(`${stack.url}/api/v1/auth/me`, {
		method: 'PATCH',
		headers: { authorization: `Bearer ${(await loggedIn('member')).token}`,
			'content-type': 'application/json' },
		body: JSON.stringify(profile),
	})).status, 200);
});

test('another site cannot log somebody in', async () => {
	for (const headers of [{ 'sec-fetch-site': 'cross-site' },
		{ 'sec-fetch-site': 'same-site' },
		{ 'sec-fetch-site': undefined, origin: 'https://evil.example' },
		{ 'sec-fetch-site': undefined, origin: 'null' }]) {
		const browser = new Browser(stack.url);
		const answer = await browser.post('/login', {
			email: 'member@example.com', password: PASSWORD }, headers);

		assert.equal(answer.status, 403, JSON.stringify(headers));
		assert.equal(browser.cookies.size, 0);
	}
});

test('forged tokens are nobody\'s', async () => {
	const { token } = await loggedIn('viewer');
	const [, payload, signature] = token.split('.');
	const text = (value) => Buffer.from(JSON.stringify(value))
		.toString('base64url');
	const claims = JSON.parse(Buffer.from(payload, 'base64url'));
	const signed = (head, body, key) => `${head}.${body}.${createHmac(
		'sha256', key).update(`${head}.${body}`).digest('base64url')}`;
	const header = text({ alg: 'HS256', typ: 'JWT' });
	const operator = text({ ...claims, sub: '1', sid: '1' });

	for (const forged of [`${text({ alg: 'none' })}.${operator}.`,
		`${text({ alg: 'none' })}.${payload}.${signature}`,
		`${header}.${operator}.${signature}`,
		signed(header, operator, ''), signed(header, operator, 'secret'),
		signed(text({ alg: 'HS256', kid: '/dev/null' }), operator, ''),
		`${header}.${payload}.`, token.slice(0, -1), `${token}x`,
		`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
		'null', 'undefined', ' ', 'a'.repeat(8000)]) {
		assertError(await call(`${stack.url}/api/v1/auth/me`,
			{ headers: { authorization: `Bearer ${forged}` } }),
		401, 'not_logged_in');
		assertError(await call(`${stack.url}/api/v1/auth/me`,
			{ headers: { cookie: `gateway_token=${forged}` } }),
		401, 'not_logged_in');
	}
	assert.equal((await call(`${stack.url}/api/v1/auth/me`,
		{ headers: { authorization: `Bearer ${token}` } })).status, 200);
	// A gateway key is no person.
	assertError(await call(`${stack.url}/api/v1/auth/me`,
		{ headers: { authorization: `Bearer ${stack.key}` } }),
	401, 'not_logged_in');
});

test('nobody makes more of themselves, or of others, than they are', async () => {
	const { members } = (await admin.get('/api/v1/members')).json();
	const id = (name) => members.find(({ email }) =>
		email === `${name}@example.com`).id;
	const set = (browser, user, json) =>
		browser.api('PATCH', `/members/${user}`, json);
	const [viewer, second, owner] = [await loggedIn('viewer'),
		await loggedIn('second-admin'), await loggedIn('owner')];

	// The sandbox's administrator is the installation's operator, too.
	assertError(await set(viewer, id('viewer'), { role: 'owner' }),
		403, 'forbidden');
	assertError(await set(viewer, id('member'), { role: 'viewer' }),
		403, 'forbidden');
	assertError(await set(second, id('second-admin'), { role: 'owner' }),
		403, 'forbidden');
	assertError(await set(second, id('owner'), { role: 'viewer' }),
		403, 'forbidden');
	assertError(await second.api('DELETE', `/members/${id('owner')}`),
		403, 'forbidden');
	assertError(await viewer.api('DELETE', `/members/${id('member')}`),
		403, 'forbidden');
	assertError(await viewer.api('POST', '/members',
		{ email: 'x@example.com', role: 'viewer' }), 403, 'forbidden');
	assertError(await second.api('POST', '/members',
		{ email: 'x@example.com', role: 'owner' }), 403, 'forbidden');
	for (const role of ['operator', 'root', '', 'none'])
		assert.equal((await set(owner, id('member'), { role })).status, 400);
	assertError(await set(owner, id('owner'), { role: 'viewer' }),
		400, undefined, 'role');
	assertError(await set(owner, 999999, { role: 'viewer' }),
		404, 'not_found');
	assertError(await set(owner, id('member'),
		{ role: 'viewer', project: 999999 }), 404, 'not_found');
	assert.equal((await set(second, id('member'), { role: 'viewer' })).status,
		200);
	assert.equal((await set(owner, id('member'), { role: 'member' })).status,
		200);
});

test('an admin of one project is none of another', async () => {
	const email = await fresh('narrow', 'viewer');
	const id = (await stack.cli(['member', 'list']))
		.find((row) => row.email === email).id;

	await stack.cli(['member', 'set', email, '--role', 'admin',
		'--project', 'one']);
	const browser = await loggedIn('narrow');
	const one = (await stack.cli(['project', 'add', 'one'])).id;
	const two = (await stack.cli(['project', 'add', 'two'])).id;

	assert.equal((await browser.api('POST', '/switch', { project: one }))
		.status, 200);
	assert.equal((await browser.get('/api/v1/auth/me')).json().role, 'admin');
	for (const project of [0, two])
		assertError(await browser.api('PATCH', `/members/${id}`,
			{ role: 'admin', project }), 403, 'forbidden');
	assertError(await browser.api('POST', '/members',
		{ email: 'friend@example.com', role: 'admin' }), 403, 'forbidden');
	assertError(await browser.api('POST', '/members',
		{ email: 'friend@example.com', role: 'admin', project: two }),
	403, 'forbidden');
	const invited = await browser.api('POST', '/members',
		{ email: 'friend@example.com', role: 'member', project: one });

	assert.equal(invited.status, 200, invited.text);
	assertError(await browser.api('DELETE',
		`/invitations/${invited.json().invitation.id}`), 403, 'forbidden');
	assertError(await browser.api('POST', '/switch',
		{ organisation: 99999 }), 404, 'not_found');
});

test('a role that is taken away is gone for the next request', async () => {
	const email = await fresh('demoted', 'admin');
	const browser = await loggedIn('demoted');

	assert.ok((await browser.get('/api/v1/members')).json().invitations);
	await stack.cli(['member', 'set', email, '--role', 'viewer']);
	assertError(await browser.api('POST', '/members',
		{ email: 'y@example.com', role: 'viewer' }), 403, 'forbidden');
	await stack.cli(['user', 'disable', email]);
	const answers = await Promise.all(Array.from({ length: 16 }, () =>
		browser.get('/api/v1/auth/me')));

	for (const answer of answers)
		assertError(answer, 401, 'not_logged_in');
	assertError(await new Browser(stack.url).tryLogIn(email, PASSWORD),
		401, 'invalid_login');
	await stack.cli(['user', 'enable', email]);
	assert.equal((await new Browser(stack.url).tryLogIn(email, PASSWORD))
		.status, 200);
});

test('a new password ends the other logins', async () => {
	const email = await fresh('changing');
	const [here, there] = [await loggedIn('changing'),
		await loggedIn('changing')];
	const change = (current, password) =>
		here.api('POST', '/auth/password', { current, password });

	assertError(await change('wrong', 'another horse'), 400, undefined,
		'current');
	assertError(await change(PASSWORD, 'short'), 400, undefined, 'password');
	const done = await change(PASSWORD, 'another horse');

	assert.equal(done.status, 200, done.text);
	assert.equal(done.json().sessions_ended, 1);
	assert.equal(await here.me(), 200);
	assert.equal(await there.me(), 401);
	assert.equal((await new Browser(stack.url).tryLogIn(email, PASSWORD))
		.status, 401);
	assert.equal((await new Browser(stack.url).tryLogIn(email,
		'another horse')).status, 200);
});

test('the current password cannot be guessed by who has the browser', async () => {
	await fresh('open');
	const browser = await loggedIn('open');
	const statuses = [];

	for (let i = 0; i < 7; i++)
		statuses.push((await browser.api('POST', '/auth/password',
			{ current: `guess ${i}`, password: 'another horse' })).status);
	assert.deepEqual(statuses, [400, 400, 400, 400, 400, 429, 429]);
});

test('the command line ends sessions, and makes links that work once', async () => {
	const email = await fresh('linked');
	const browser = await loggedIn('linked');
	const { sessions_ended } = await stack.cli(
		['session', 'revoke', '--user', email]);

	assert.equal(sessions_ended, 1);
	assert.equal(await browser.me(), 401);
	await browser.logIn(email, PASSWORD);
	const { link } = await stack.cli(['user', 'password-link', email]);
	const token = new URL(link, stack.url).searchParams.get('token');
	const set = (password) => new Browser(stack.url).send('POST',
		'/api/v1/password/new', { json: { token, password } });

	assert.match(link, /^\/password\/new\?token=[0-9A-Za-z]{43}$/);
	assert.equal((await call(`${stack.url}${link}`,
		{ headers: { accept: 'text/html' } })).status, 200);
	assertError(await set('short'), 400, undefined, 'password');
	assert.equal((await set('linked horse')).status, 200);
	assertError(await set('linked again'), 404, 'not_found');
	assert.equal(await browser.me(), 401);
	assert.equal((await new Browser(stack.url).tryLogIn(email,
		'linked horse')).status, 200);
	await stack.cli(['user', 'password', email, '--password-stdin'],
		{ input: 'third horse' });
	assert.equal((await new Browser(stack.url).tryLogIn(email,
		'third horse')).status, 200);
	assert.ok(!stack.logs().includes(token), 'a token in the logs');
});

test('without mail, a forgotten password is an administrator\'s matter', async () => {
	const answer = await new Browser(stack.url).send('POST',
		'/api/v1/password/forgotten', { json: { email: 'a@example.com' } });

	assertError(answer, 403, 'forbidden');
});

test('whatever is typed is only text', async () => {
	const browser = new Browser(stack.url);

	for (const email of ["' OR '1'='1", "admin@example.com' -- ", 'a@b\u0000c',
		'x@example.com\r\nSet-Cookie: a=b', '{{7*7}}@example.com',
		'<script>alert(1)</script>@x', '%0d%0aX: y@z', 'é@ü.example']) {
		for (const where of ['/login', '/signup']) {
			const answer = await browser.post(where,
				{ email, password: PASSWORD, organisation: email });

			assert.ok(answer.status >= 400 && answer.status < 500,
				`${where} ${email}: ${answer.status}`);
			assert.doesNotMatch(answer.text, /<script>alert/);
			assert.equal(answer.headers['x'], undefined);
			assert.equal(browser.cookies.size, 0);
		}
	}
	const million = 'a'.repeat(1 << 20);

	for (const json of [{ email: million, password: 'x' },
		{ email: 'a@example.com', password: million },
		{ email: 'a@example.com', password: 'x', next: million }, {},
		{ email: null, password: null }, { email: ['a'], password: {} },
		{ email: 1, password: 2 }, [], 'text', 7]) {
		const answer = await browser.send('POST', '/api/v1/auth/login',
			{ json });

		assert.ok([400, 401, 413].includes(answer.status),
			`${JSON.stringify(json).slice(0, 60)}: ${answer.status}`);
		assert.ok(answer.text.length < 4096);
	}
	assert.equal((await browser.send('POST', '/api/v1/auth/login', {
		body: '{"email":', headers: { 'content-type': 'application/json' },
	})).status, 400);
	assert.equal((await browser.get('/api/v1/auth/me', {
		cookie: `gateway_token=${'x'.repeat(8000)}; gateway_login=' OR 1=1`,
	})).status, 401);
	assert.equal(await admin.me(), 200);
});

test('a host name that a client makes up gets into no mail and no header', async () => {
	const answer = await admin.api('POST', '/members',
		{ email: 'host@example.com', role: 'viewer' });

	assert.equal(answer.status, 200, answer.text);
	assert.equal(new URL(answer.json().link).origin, stack.url);
});

test('every change is in the audit log, without secrets', async () => {
	const rows = await stack.sql(
		'SELECT action, actor, client_ip FROM audit');
	const actions = new Set(rows.map(([action]) => action));

	for (const action of ['session.begin', 'session.end', 'session.revoke',
		'user.profile', 'user.password', 'user.password_link',
		'user.disable', 'member.set', 'invitation.create'])
		assert.ok(actions.has(action), `${action}: ${[...actions]}`);
	const all = (await stack.sql('SELECT COALESCE(after_json, \'\') FROM audit'))
		.flat().join('\n');

	assert.ok(!all.includes(PASSWORD));
	assert.doesNotMatch(all, /token|\$y\$/);
	assert.ok(rows.some(([action, actor, ip]) => action === 'session.begin' &&
		actor === 'member@example.com' && ip === '127.0.0.1'));
});

test('secrets are in no log', () => {
	const logs = stack.logs();

	assert.ok(!logs.includes(PASSWORD));
	assert.ok(!logs.includes(admin.token));
	for (const value of admin.cookies.values())
		assert.ok(!logs.includes(value));
});

test('sessions outlive a restart of the gateway', async () => {
	const browser = await loggedIn('member');

	await stack.stop('gateway');
	await stack.start('gateway');
	assert.equal(await browser.me(), 200);
	assert.equal((await browser.api('PATCH', '/auth/me', { name: 'Still me',
		locale: 'es', time_zone: 'Europe/Madrid', theme: 'dark' })).status, 200);
	assert.equal((await browser.get('/api/v1/auth/me')).json().user.name,
		'Still me');
});
