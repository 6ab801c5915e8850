// schemas.mjs - the schemas that providers publish, as tests/data/openapi has
// them, made ready to hold a body against.
//
//	const check = schema('anthropic', 'CreateMessageParams');
//	assert.equal(check(body), '');

import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fs from 'node:fs';
import path from 'node:path';

import { root } from './stack.mjs';

const FOLDER = path.join(root, 'tests/data/openapi');
const loaded = new Map(); // file, or file and name: Ajv
// What a schema requires and its own provider does not, by the recordings in
// tests/data/dialect: OpenAI answers when its own answers are sent back without
// these, and answers of Anthropic often have not all of those.
const OPTIONAL = {
	CreateResponse: {
		OutputMessage: ['id', 'status'],
		OutputTextContent: ['annotations', 'logprobs'],
		ReasoningItem: ['id'],
	},
	Message: {
		Message: ['container', 'stop_details'],
		ResponseTextBlock: ['citations'],
		ResponseToolUseBlock: ['caller'],
		Usage: ['cache_creation', 'cache_creation_input_tokens',
			'cache_read_input_tokens', 'inference_geo',
			'output_tokens_details', 'server_tool_use',
			'service_tier'],
	},
};
// What OpenAI does insist on: https://github.com/laravel/ai/issues/321,
// https://github.com/langchain-ai/langchainjs/issues/9512.
const NAMED_FILE = { if: { required: ['file_data'] },
	then: { required: ['filename'] } };

/*
 * What is wrong with a request, by the name of its provider. AWS publishes no
 * schema for Bedrock; there the simulator's own rules must do.
 */
export const requests = {
	openai_chat: schema('openai', 'CreateChatCompletionRequest'),
	openai: schema('openai', 'CreateChatCompletionRequest'),
	mistral: schema('mistral', 'ChatCompletionRequest'),
	openai_responses: schema('openai', 'CreateResponse'),
	anthropic: schema('anthropic', 'CreateMessageParams'),
	gemini: schema('google', 'GenerateContentRequest'),
	cohere: schema('cohere', 'ChatRequest'),
	ollama: schema('ollama', 'ChatRequest'),
};

// What is wrong with a value, or ''.
export function schema(file, name) {
	const key = name in OPTIONAL ? `${file} ${name}` : file;

	if (!loaded.has(key))
		loaded.set(key, load(file, OPTIONAL[name] ?? {}));
	const ajv = loaded.get(key);
	const validate = ajv.getSchema(`${file}#/components/schemas/${name}`);

	if (!validate)
		throw new Error(`${file} has no ${name}`);
	return (value) => validate(value) ? '' : explain(validate.errors, value);
}

function load(file, optional) {
	const ajv = new Ajv({ strict: false, logger: false, verbose: true });
	const { schemas } = JSON.parse(
		fs.readFileSync(path.join(FOLDER, `${file}.json`), 'utf8'));

	for (const [name, members] of Object.entries(optional))
		schemas[name].required = schemas[name].required.filter(
			(member) => !members.includes(member));
	if (file === 'openai') {
		Object.assign(schemas.InputFileContent, NAMED_FILE);
		Object.assign(schemas.ChatCompletionRequestMessageContentPartFile
			.properties.file, NAMED_FILE);
	}
	addFormats(ajv);
	ajv.addSchema({ $id: file, components: { schemas: convert(schemas,
		file === 'google' ? fromDiscovery : fromOpenapi) } });
	return ajv;
}

function convert(value, change) {
	if (Array.isArray(value))
		return value.map((item) => convert(item, change));
	if (value === null || typeof value !== 'object')
		return value;
	return change(Object.fromEntries(Object.entries(value)
		.map(([name, item]) => [name, convert(item, change)])));
}

// Kinds are told apart by a member, which oneOf does not know: a message that
// could be of two kinds is one of both.
function fromOpenapi({ oneOf, nullable, ...rest }) {
	const part = Array.isArray(oneOf) ? { ...rest, anyOf: oneOf }
		: oneOf === undefined ? rest : { ...rest, oneOf };

	if (nullable === true)
		return { anyOf: [part, { type: 'null' }] };
	return nullable === undefined || nullable === false
		? part : { ...part, nullable };
}

// Google's own notation; what it does not name it refuses, and numbers of 64
// bits are strings as well.
function fromDiscovery(part) {
	if (typeof part.$ref === 'string')
		return { $ref: `#/components/schemas/${part.$ref}` };
	if (part.type === 'any')
		return {};
	if (part.type === 'string' && part.format === 'int64')
		return { type: ['string', 'integer'] };
	// Recorded requests have its names in small letters, too.
	if (part.properties?.thinkingLevel)
		part.properties.thinkingLevel.enum.push(
			...part.properties.thinkingLevel.enum
				.map((name) => name.toLowerCase()));
	if (part.type === 'object' && part.properties)
		return { additionalProperties: false, ...part, id: undefined };
	if (typeof part.format === 'string')
		return { ...part, format: undefined };
	return part;
}

// The deepest error is the one of the kind that was meant.
function explain(errors, value) {
	const depth = ({ instancePath }) => instancePath.split('/').length;
	const deepest = Math.max(...errors.map(depth));

	return errors.filter((error) => depth(error) === deepest)
		.map(({ instancePath, message, params, data }) =>
			`${instancePath} ${message} ${JSON.stringify(params)} `
			+ `${JSON.stringify(data)?.slice(0, 200)}`)
		.slice(0, 5).join('; ') + ` in ${JSON.stringify(value)}`;
}
