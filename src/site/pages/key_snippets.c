/*
 * key_snippets.c - first calls with a new key, ready to be pasted.
 *
 * {base_url}, {key} and {model} are filled in. Texts of programs are the same
 * in every language, and must keep their line ends and indents, which
 * templates change.
 */
#include "site/pages/key_json.h"

struct snippet {
	const char *name;
	enum gateway_key_kind kind;
	const char *text;
};

static const struct snippet snippets[] = {
	{ "curl", GATEWAY_KEY_SECRET,
		"curl {base_url}/v1/chat/completions \\\n"
		"  -H 'Authorization: Bearer {key}' \\\n"
		"  -H 'Content-Type: application/json' \\\n"
		"  -d '{\"model\": \"{model}\", \"messages\": "
		"[{\"role\": \"user\", \"content\": \"Hello!\"}]}'\n" },
	{ "Python, openai", GATEWAY_KEY_SECRET,
		"from openai import OpenAI\n\n"
		"client = OpenAI(base_url=\"{base_url}/v1\", "
		"api_key=\"{key}\")\n"
		"answer = client.chat.completions.create(\n"
		"    model=\"{model}\",\n"
		"    messages=[{\"role\": \"user\", \"content\": "
		"\"Hello!\"}],\n"
		")\n"
		"print(answer.choices[0].message.content)\n" },
	{ "Python, anthropic", GATEWAY_KEY_SECRET,
		"from anthropic import Anthropic\n\n"
		"client = Anthropic(base_url=\"{base_url}\", "
		"api_key=\"{key}\")\n"
		"answer = client.messages.create(\n"
		"    model=\"{model}\",\n"
		"    max_tokens=1024,\n"
		"    messages=[{\"role\": \"user\", \"content\": "
		"\"Hello!\"}],\n"
		")\n"
		"print(answer.content[0].text)\n" },
	{ "Node, openai", GATEWAY_KEY_SECRET,
		"import OpenAI from 'openai';\n\n"
		"const client = new OpenAI({\n"
		"\tbaseURL: '{base_url}/v1',\n"
		"\tapiKey: '{key}',\n"
		"});\n"
		"const answer = await client.chat.completions.create({\n"
		"\tmodel: '{model}',\n"
		"\tmessages: [{ role: 'user', content: 'Hello!' }],\n"
		"});\n"
		"console.log(answer.choices[0].message.content);\n" },
	{ "Node, @anthropic-ai/sdk", GATEWAY_KEY_SECRET,
		"import Anthropic from '@anthropic-ai/sdk';\n\n"
		"const client = new Anthropic({\n"
		"\tbaseURL: '{base_url}',\n"
		"\tapiKey: '{key}',\n"
		"});\n"
		"const answer = await client.messages.create({\n"
		"\tmodel: '{model}',\n"
		"\tmax_tokens: 1024,\n"
		"\tmessages: [{ role: 'user', content: 'Hello!' }],\n"
		"});\n"
		"console.log(answer.content[0].text);\n" },
	{ "PHP, openai-php/client", GATEWAY_KEY_SECRET,
		"$client = OpenAI::factory()\n"
		"    ->withBaseUri('{base_url}/v1')\n"
		"    ->withApiKey('{key}')\n"
		"    ->make();\n"
		"$answer = $client->chat()->create([\n"
		"    'model' => '{model}',\n"
		"    'messages' => [['role' => 'user', 'content' => "
		"'Hello!']],\n"
		"]);\n"
		"echo $answer->choices[0]->message->content;\n" },
	{ "JavaScript", GATEWAY_KEY_PUBLISHABLE,
		"const answer = await fetch("
		"'{base_url}/v1/chat/completions', {\n"
		"\tmethod: 'POST',\n"
		"\theaders: {\n"
		"\t\t'Content-Type': 'application/json',\n"
		"\t\tAuthorization: 'Bearer {key}',\n"
		"\t},\n"
		"\tbody: JSON.stringify({\n"
		"\t\tmodel: '{model}',\n"
		"\t\tmessages: [{ role: 'user', content: 'Hello!' }],\n"
		"\t}),\n"
		"});\n"
		"console.log((await answer.json())"
		".choices[0].message.content);\n" },
};

struct filling {
	struct str place;
	struct str text;
};

static void fill(const char *text, const struct filling *fillings, size_t count,
	struct buf *out);

void key_put_snippets(json_t *out, const struct key_shown *shown)
{
	const struct filling fillings[] = {
		{ S("{base_url}"), shown->base_url },
		{ S("{key}"), shown->text },
		{ S("{model}"), shown->model },
	};
	json_t *list = json_array();

	json_object_set_new(out, "snippets", list);
	for (size_t i = 0; i < ARRAY_LEN(snippets); i++) {
		struct buf text = BUF_INIT(16384);
		json_t *item;

		if (snippets[i].kind != shown->kind)
			continue;
		fill(snippets[i].text, fillings, ARRAY_LEN(fillings), &text);
		item = json_object();
		site_put(item, "name", str_of(snippets[i].name));
		site_put(item, "text", buf_str(&text));
		site_put_bool(item, "is_first", json_array_size(list) == 0);
		json_array_append_new(list, item);
		buf_release(&text);
	}
}

static void fill(const char *text, const struct filling *fillings, size_t count,
	struct buf *out)
{
	struct str rest = str_of(text);

	while (rest.n > 0) {
		size_t n = 1;

		for (size_t i = 0; i < count; i++) {
			if (!str_starts(rest, fillings[i].place))
				continue;
			n = fillings[i].place.n;
			buf_append(out, fillings[i].text);
		}
		if (n == 1)
			buf_append_char(out, rest.p[0]);
		rest = str_from(rest, n);
	}
}
