// browser.mjs - a real browser in front of a stack, for tests of pages.
//
//	const site = useSite({ web: 'nginx' }, async (site) => { ... });
//	test('...', async () => {
//		const page = await site.open('/requests', { login: true });
//		...
//	});
//
// Whatever a page writes to its console as an error, throws, or asks of
// another host, fails the test that opened it. Pictures go to build/screenshots.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, afterEach } from 'node:test';
import { chromium } from 'playwright-core';

import { root, useStack } from '../conversations/stack.mjs';

const axe = fs.readFileSync(
	createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = path.join(root, 'build/screenshots');

export const sizes = {
	wide: { width: 1440, height: 900 },
	phone: { width: 390, height: 844 },
	narrow: { width: 320, height: 640 },
};

export function useSite(options, prepare = () => {}) {
	const stack = useStack(options, async () => {
		await site.start();
		await prepare(site);
	});
	const site = new Site(stack);

	afterEach(() => site.close());
	after(() => site.stop());
	return site;
}

class Site {
	constructor(stack) {
		this.stack = stack;
		this.opened = [];
	}

	async start() {
		fs.mkdirSync(pictures, { recursive: true });
		this.browser = await chromium.launch({
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: ['--no-sandbox', '--disable-dev-shm-usage',
				'--disable-gpu'],
		});
	}

	async stop() {
		await this.browser?.close();
	}

	get url() {
		return this.stack.url;
	}

	// A page in a browser of its own; login: as the stack's administrator;
	// base: of another server, whose page may call ours; complains: the
	// browser will, of a call that it does not let through.
	async open(where, { size = 'wide', theme = 'light', locale = 'en-GB',
		login = false, javaScript = true, expect = 200, base = this.url,
		complains = false } = {}) {
		const context = await this.browser.newContext({
			viewport: sizes[size],
			colorScheme: theme,
			locale,
			javaScriptEnabled: javaScript,
			reducedMotion: 'reduce',
		});
		const faults = [];

		this.opened.push({ context, faults });
		if (login)
			await context.addCookies(await this.login());
		const page = await context.newPage();
		page.on('console', (message) => {
			// The browser tells of each answer that is an error.
			if (message.type() === 'error' && !complains &&
				!/status of 4\d\d/.test(message.text()))
				faults.push(message.text());
		});
		page.on('pageerror', (error) => faults.push(String(error)));
		page.on('request', (request) => {
			if (!request.url().startsWith(this.url) &&
				!request.url().startsWith(base) && !complains &&
				!request.url().startsWith('data:'))
				faults.push(`asked ${request.url()}`);
		});
		const answer = await page.goto(base + where);
		assert.equal(answer.status(), expect, await answer.text());
		return page;
	}

	// Cookies of a login, made as a program does it.
	async login(email = this.stack.env.ADMIN_EMAIL,
		password = this.stack.env.ADMIN_PASSWORD) {
		const answer = await fetch(`${this.url}/api/v1/auth/login`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ email, password }),
		});

		assert.equal(answer.status, 200, await answer.clone().text());
		return answer.headers.getSetCookie().map((line) => {
			const [, name, value] = line.match(/^([^=]+)=([^;]*)/);

			return { name, value, url: this.url };
		});
	}

	// What was wrong with the pages that this test opened.
	async close() {
		const faults = [];

		for (const one of this.opened.splice(0)) {
			faults.push(...one.faults);
			await one.context.close();
		}
		assert.deepEqual(faults, []);
	}
}

export async function picture(page, name) {
	await page.screenshot({
		path: path.join(pictures, `${name}.png`),
		fullPage: true,
		animations: 'disabled',
	});
}

// Nobody is kept out: no serious finding of axe-core.
export async function assertAccessible(page) {
	// By the debugger: our own policy lets no script in.
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => window.axe.run(document, {
		resultTypes: ['violations'],
	}));
	const serious = violations
		.filter(({ impact }) => ['serious', 'critical'].includes(impact))
		.map(({ id, nodes }) => `${id}: ${nodes.map((node) =>
			`${node.html} (${node.any.map(({ message }) => message)})`)}`);

	assert.deepEqual(serious, []);
}

// No page is wider than its window.
export async function assertFits(page) {
	const [inner, outer] = await page.evaluate(() => [
		document.documentElement.scrollWidth, window.innerWidth]);

	assert.ok(inner <= outer, `${inner} px wide in a window of ${outer}`);
}

// Of what a page is to be looked at in: all with LOOKS=full, else the first.
// The story's tour sees every page small and dark, too.
export const looked = (views) =>
	process.env.LOOKS === 'full' ? views : views.slice(0, 1);
