// routing_measure.test.mjs - what `make bench-routing` says of a cascade, on
// prompts few enough to count by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastFound, measureCascade, qualityAt } from '../routing/measure.mjs';

// The cheap model fails at one of four; the premium one never, at ten times
// the price.
const rows = [0, 1, 1, 1].map((weak, i) =>
	({ id: `${i}`, weak, strong: 1, weak_cost: 1, strong_cost: 10 }));

test('a check that is always right passes on what the cheap model fails at', () => {
	const found = measureCascade(rows, { finds: 1, alarms: 0 });

	assert.equal(found.share, 0.25);
	assert.equal(found.cost, 4 + 10);
	assert.equal(found.quality, 1);
});

test('a check that guesses passes on every other answer', () => {
	const found = measureCascade(rows, { finds: 0.5, alarms: 0.5 });

	assert.equal(found.share, 0.5);
	assert.equal(found.cost, 4 + 20);
	assert.equal(found.total, 3.5);
});

test('choosing before the call buys what its order says', () => {
	assert.equal(qualityAt(rows, [9, 1, 1, 1], 4), 3);
	assert.equal(qualityAt(rows, [9, 1, 1, 1], 13), 4);
	assert.equal(qualityAt(rows, [1, 2, 3, 9], 22), 3);
	assert.equal(qualityAt(rows, [1, 2, 3, 9], 40), 4);
});

test('a check that finds all and doubts half of what is good pays for that', () => {
	const found = measureCascade(rows, { finds: 1, alarms: 0.5 });

	assert.equal(found.cost, 4 + 10 + 15);
	assert.equal(found.total, 4);
});

test('how good a check must be depends on the order that it competes with', () => {
	const wrong = (finds) => 1 - finds;

	assert.equal(leastFound(rows, [[9, 1, 1, 1]], wrong), null);
	// a: quality 3 + a for a cost of 34 - 20 a; the order: 3 + (cost - 13) / 9.
	assert.equal(leastFound(rows, [[2, 3, 1, 1]], wrong), 0.73);
	assert.equal(leastFound(rows, [[2, 3, 1, 1], [9, 1, 1, 1]], wrong), null);
	// f: quality 3 + f for a cost of 4 + 10 f, which is 14 at the most.
	assert.equal(leastFound(rows, [[2, 3, 1, 1]], () => 0), 0.01);
});
