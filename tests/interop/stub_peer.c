/* SPDX-License-Identifier: MIT */
/* stub_peer KIND <stub >stub: reads a message's stub and writes it again, as this library does. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "support/stubs.h"

int main(int argc, char **argv)
{
    static uint8_t in[OM_MAX_RPC_STUB];
    size_t n = fread(in, 1, sizeof in, stdin);
    struct om_error err = OM_ERROR_INIT;
    const struct message_kind *k = NULL;
    union message m = {0};
    struct om_arena a;
    struct om_wr w;
    struct om_rd r;
    om_status st;

    for (size_t i = 0; argc == 2 && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, argv[1]) == 0)
            k = &kinds[i];
    }
    if (!k) {
        fputs("usage: stub_peer KIND <stub >stub\n", stderr);
        return 2;
    }
    om__arena_init(&a, 1 << 22);
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om_rd_init(&r, in, n);
    k->read(&r, &a, &m);
    st = om_rd_finish(&r, OM_LAYER_NSPI, k->name, &err);
    if (!OM_FAILED(st)) {
        k->write(&w, &m);
        st = om_wr_finish(&w, OM_LAYER_NSPI, k->name, &err);
    }
    if (OM_FAILED(st))
        fprintf(stderr, "%s\n", err.detail);
    else if (fwrite(w.buf, 1, w.len, stdout) != w.len)
        st = MAPI_E_CALL_FAILED;
    om_wr_free(&w);
    om__arena_free(&a);
    return OM_FAILED(st);
}
