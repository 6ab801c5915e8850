// members.test.mjs - long lists of people: every one of them on one page, and
// no page too long.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible, assertFits, picture, useSite } from
	'./browser.mjs';

const PEOPLE = 120;
const PAGE = 50;
const MOST_BYTES = 150 * 1024;

// All of them are in the organisation, and in its project, too.
const site = useSite({ web: 'nginx' }, ({ stack }) => stack.sql(`
	INSERT INTO users (email, name, created_ms)
		SELECT CONCAT('person-', LPAD(seq, 3, '0'), '@example.com'), 'P', 1
		FROM seq_1_to_${PEOPLE};
	INSERT INTO organisation_members
		(organisation_id, user_id, role, created_ms)
		SELECT (SELECT MIN(id) FROM organisations), id, 'member', 1
		FROM users WHERE email LIKE 'person-%';
	INSERT INTO project_members (project_id, user_id, role, created_ms)
		SELECT (SELECT MIN(id) FROM projects), id, 'viewer', 1
		FROM users WHERE email LIKE 'person-%'`));

async function open(where, options) {
	const page = await site.open('/', { login: true, ...options });

	await page.click('.place-summary');
	await page.locator('.place button[name=project]:not([value="0"])').first()
		.click();
	await page.waitForLoadState();
	await page.goto(site.url + where);
	return page;
}

// Each list, page by page, as the links go.
for (const [name, own] of [['members', 1], ['project_members', 0]])
	test(`everybody is on one page: ${name}`, async () => {
		const page = await open('/members');
		const seen = [];
		let next = '/members';

		for (let pages = 0; next; pages++) {
			assert.ok(pages < 4, next);
			const answer = await page.request.get(site.url + next,
				{ headers: { accept: 'application/json' } });
			const { [name]: list, [`${name}_next`]: link } =
				await answer.json();

			assert.ok(list.length <= PAGE && (!link || list.length === PAGE));
			seen.push(...list.map(({ email }) => email));
			next = link;
		}
		assert.equal(new Set(seen).size, seen.length);
		assert.equal(seen.filter((email) => email.startsWith('person-')).length,
			PEOPLE);
		assert.equal(seen.length - PEOPLE, own);
		assert.deepEqual(seen, [...seen].sort());
	});

test('both lists at once are light, and people are changed there', async () => {
	const page = await open('/members');
	const sum = await page.evaluate(() => [
		...performance.getEntriesByType('navigation'),
		...performance.getEntriesByType('resource'),
	].reduce((all, { encodedBodySize: bytes }) => all + bytes, 0));

	assert.ok(sum > 50000 && sum < MOST_BYTES, `${sum} bytes`);
	assert.equal(await page.locator('a[rel=next]').count(), 2);
	await assertAccessible(page);
	await assertFits(page);
	await picture(page, 'members-many');
	await page.locator('a[rel=next]').last().click();
	await page.waitForURL(/members_after=/);
	const row = page.locator('tr', { hasText: 'person-060' });

	await row.locator('select').selectOption('viewer');
	await row.locator('button').first().click();
	await page.waitForURL(/\/members$/);
	await page.goto(`${site.url}/members?members_after=person-059@example.com`);
	assert.equal(await row.locator('select').inputValue(), 'viewer');
	await row.locator('summary').click();
	await picture(page, 'members-many-remove');
	await row.locator('button[formaction$="/remove"]').click();
	await page.waitForURL(/\/members$/);
	await page.goto(`${site.url}/members?members_after=person-059@example.com`);
	assert.equal(await row.count(), 0);
	assert.equal(await page.locator('tr', { hasText: 'person-061' }).count(),
		1);
});

test('a place in the list that is none is the nearest', async () => {
	const page = await open('/members');
	const get = (query) => page.request.get(`${site.url}/members?${query}`,
		{ headers: { accept: 'application/json' } });

	assert.deepEqual((await (await get('members_after=zzz')).json()).members,
		[]);
	assert.equal((await (await get(`members_after=${encodeURIComponent(
		"' OR 1=1 -- ")}`)).json()).members.length, PAGE);
	assert.equal((await get(`members_after=${'x'.repeat(300)}`)).status(), 400);
});
