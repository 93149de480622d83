/* SPDX-License-Identifier: MIT */
/* onemapi error CODE */
#include "cli/cli.h"

static json_t *code_json(const struct om_code_info *c)
{
    char hex[11];

    snprintf(hex, sizeof hex, "0x%08X", (unsigned)c->code);
    return json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "kind", c->kind, "code",
                     (json_int_t)c->code, "hex", hex, "name", c->name, "meaning", c->meaning,
                     "causes", c->causes, "advice", c->advice);
}

static void print_code(const struct om_code_info *c)
{
    printf("%s %s (0x%08X, %u)\n  means:  %s\n", c->kind, c->name, (unsigned)c->code,
           (unsigned)c->code, c->meaning);
    if (*c->causes)
        printf("  causes: %s\n", c->causes);
    if (*c->advice)
        printf("  try:    %s\n", c->advice);
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct om_codes codes;
    json_t *list;

    (void)argc;
    if (om_code_explain(argv[0], &codes, &cli->err) != OM_OK)
        return cli_fail(cli);
    if (!cli->json) {
        for (uint32_t i = 0; i < codes.count; i++)
            print_code(&codes.items[i]);
        return CLI_OK;
    }
    list = json_array();
    for (uint32_t i = 0; i < codes.count; i++)
        json_array_append_new(list, code_json(&codes.items[i]));
    return cli_json(cli, json_pack("{s:s, s:o}", "query", argv[0], "codes", list));
}

const struct cli_command cli_cmd_error = {
    .name = "error",
    .args = "CODE",
    .summary = "Explain a MAPI, Exchange, RPC, RPC proxy, HTTP or NTSTATUS code",
    .help =
        "CODE is a name (MAPI_E_LOGON_FAILED, ecNotEncrypted), or a number: 0x80040111, 80040111,\n"
        "-2147221231, 1722, 6ba, 401. A number that fits several kinds of code gives them all.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
    .dash_numbers = true,
};
