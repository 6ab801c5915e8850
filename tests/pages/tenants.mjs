// tenants.mjs - who asks in tests of the management API: people of the default
// organisation, one for each role, and the owner of another one.
//
//	const people = await makeTenants(site);
//	await people.admin.get('/budgets');
//	await people.viewer.post('/budgets', { ... }, 403);
//
// The stack needs site.signup=open.

import assert from 'node:assert/strict';

const PASSWORD = 'correct horse battery';

export class Person {
	constructor(site, email, password = PASSWORD) {
		Object.assign(this, { site, email, password });
	}

	async logIn() {
		this.token = (await this.post('/auth/login',
			{ email: this.email, password: this.password })).token;
		return this;
	}

	// Cookies for a browser's context.
	cookies() {
		return this.site.login(this.email, this.password);
	}

	async ask(method, where, body, expect = 200) {
		const answer = await fetch(`${this.site.url}/api/v1${where}`, {
			method,
			headers: {
				...(this.token
					? { authorization: `Bearer ${this.token}` } : {}),
				...(body ? { 'content-type': 'application/json' } : {}),
			},
			body: body && JSON.stringify(body),
		});
		const text = await answer.text();

		assert.equal(answer.status, expect, `${method} ${where}: ${text}`);
		return JSON.parse(text);
	}

	get(where, expect) {
		return this.ask('GET', where, undefined, expect);
	}

	post(where, body = {}, expect = undefined) {
		return this.ask('POST', where, body, expect);
	}

	put(where, body, expect) {
		return this.ask('PUT', where, body, expect);
	}

	remove(where, expect) {
		return this.ask('DELETE', where, undefined, expect);
	}
}

export async function makeTenants(site) {
	const people = {};

	for (const role of ['viewer', 'member', 'admin', 'owner']) {
		await site.stack.cli(['user', 'add', `${role}@here.example`, '--role',
			role, '--password-stdin'], { input: PASSWORD });
		people[role] = await new Person(site, `${role}@here.example`).logIn();
	}
	people.operator = await new Person(site, site.stack.env.ADMIN_EMAIL,
		site.stack.env.ADMIN_PASSWORD).logIn();
	people.stranger = new Person(site, 'owner@elsewhere.example');
	await people.stranger.post('/auth/signup', {
		organisation: 'Elsewhere', name: 'Stranger',
		email: people.stranger.email, password: PASSWORD,
	});
	await people.stranger.logIn();
	return people;
}

// A browser's page of that person.
export async function openAs(site, person, where, options = {}) {
	const page = await site.open('/login', options);

	await page.context().addCookies(await person.cookies());
	if (options.locale)
		await page.context().addCookies([{ name: 'language', url: site.url,
			value: options.locale.slice(0, 2) }]);
	const answer = await page.goto(site.url + where);
	assert.equal(answer.status(), options.expect ?? 200);
	return page;
}

// A form as a foreign page would send it: with the cookies, without the token.
export async function forge(site, person, where, fields) {
	const cookies = await person.cookies();
	const answer = await fetch(site.url + where, {
		method: 'POST',
		redirect: 'manual',
		headers: {
			cookie: cookies.map(({ name, value }) => `${name}=${value}`)
				.join('; '),
			'content-type': 'application/x-www-form-urlencoded',
		},
		body: new URLSearchParams(fields),
	});

	return answer.status;
}

// What an attacker would have stored.
export const EVIL = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>';
