/* SPDX-License-Identifier: MIT */
#include "lab/rpc_proxy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/guid.h"
#include "base/limits.h"
#include "codec/rts.h"

#define PATH "/rpc/rpcproxy.dll"

#define CONNECTION_TIMEOUT 120000u  /* ms, the least [MS-RPCH] 2.2.3.5.3 allows */
#define KEEPALIVE_DEFAULT  300000u  /* ms, what 0 means: 2.2.3.5.6 */
#define SETUP_TIMEOUT      30000u   /* ms a channel waits for its twin */
#define IN_WINDOW          0x10000u /* what we take on the IN channel without an acknowledgement */
#define ECHO_MAX           0x10u    /* a body this short makes an echo request: 2.1.2.1.1 */
#define ERROR_UNAVAILABLE  0x6BAu   /* RPC_S_SERVER_UNAVAILABLE */
#define ERROR_PROTOCOL     0x6C0u   /* RPC_S_PROTOCOL_ERROR */

/* One direction's flow control, [MS-RPCH] 3.2.1.1.5: RPC PDUs count, RTS PDUs do not. */
struct flow {
    uint32_t window;    /* the receiver's, as it was announced */
    uint32_t available; /* of it */
    uint32_t bytes;     /* moved since the channel began; wraps */
    struct om_uid cookie;
};

/* A virtual connection; either channel may come first. */
struct lab_vc {
    struct lab_proxy *proxy;
    struct lab_vc *next;
    const struct lab_port *port;
    const struct lab_user *user;
    struct om_uid cookie;
    struct lab_http *in, *out;
    struct flow in_flow, out_flow;
    struct lab_assoc *assoc; /* NULL until both channels are there */
    uint32_t keepalive;      /* ms between pings on an OUT channel without other traffic, doubled */
    bool closing;
    struct lab_timer ping, silence; /* silence: no twin in time, later nothing received in time */
};

/* What a request is, in lab_http.state. */
struct channel {
    bool in, echo;
    const struct lab_port *port; /* NULL: there is no such server and port */
    struct lab_vc *vc;           /* once CONN/A1 or CONN/B1 is there */
};

#define VC_OF(t, member) ((struct lab_vc *)((char *)(t)-offsetof(struct lab_vc, member)))

static bool misbehaves(const struct lab_vc *vc, enum lab_misbehaviour kind)
{
    return lab_misbehaves(vc->proxy->misbehave, kind, vc->port->server->name, vc->port->port);
}

static struct lab_proxy *proxy_of(const struct lab_http *h)
{
    return h->service->owner;
}

/* ---- the life of a virtual connection ---- */

static void vc_free(struct lab_vc *vc)
{
    struct lab_vc **at;

    for (at = &vc->proxy->vcs; *at != vc; at = &(*at)->next)
        ;
    *at = vc->next;
    lab_loop_disarm(vc->proxy->loop, &vc->ping);
    lab_loop_disarm(vc->proxy->loop, &vc->silence);
    lab_assoc_free(vc->assoc);
    free(vc);
}

/* Ends both channels; the last one to go takes the virtual connection with it. */
static void vc_close(struct lab_vc *vc)
{
    vc->closing = true;
    if (vc->in)
        lab_conn_finish(vc->in->conn);
    if (vc->out)
        lab_conn_finish(vc->out->conn);
}

static void ping_due(struct lab_timer *t);
static void silence_over(struct lab_timer *t);

static struct lab_vc *vc_new(struct lab_http *h, const struct om_uid *cookie)
{
    struct lab_proxy *p = proxy_of(h);
    struct lab_vc *vc = calloc(1, sizeof(*vc));

    if (!vc)
        return NULL;
    vc->proxy = p;
    vc->port = ((struct channel *)h->state)->port;
    vc->user = h->user;
    vc->cookie = *cookie;
    vc->keepalive = KEEPALIVE_DEFAULT;
    vc->ping.fire = ping_due;
    vc->silence.fire = silence_over;
    lab_loop_arm(p->loop, &vc->silence, SETUP_TIMEOUT);
    vc->next = p->vcs;
    p->vcs = vc;
    return vc;
}

/* The half that came first must be this user's, at this port, and lack this channel. */
static struct lab_vc *vc_find(struct lab_http *h, const struct om_uid *cookie)
{
    struct channel *ch = h->state;
    struct lab_vc *vc;

    for (vc = proxy_of(h)->vcs; vc; vc = vc->next)
        if (om__uid_equal(&vc->cookie, cookie))
            break;
    if (!vc)
        return vc_new(h, cookie);
    return vc->closing || vc->port != ch->port || vc->user != h->user || (ch->in ? vc->in : vc->out)
               ? NULL
               : vc;
}

/* ---- what goes to the client ---- */

static void send_rts(struct lab_vc *vc, const struct om__rts_pdu *pdu)
{
    struct om_wr w;

    om_wr_init(&w, OM_MAX_RTS_PDU);
    om__rts_encode(&w, pdu);
    if (w.failed)
        vc_close(vc);
    else
        lab_conn_send(vc->out->conn, w.buf, w.len);
    om_wr_free(&w);
}

/* [MS-RPCH] 2.2.4.4 */
static void send_a3(struct lab_vc *vc)
{
    struct om__rts_pdu a3;

    if (misbehaves(vc, LAB_MIS_RTS_NO_A3))
        return;
    om__rts_make(OM_RTS_KIND_CONN_A3, &a3);
    a3.commands[0].value = CONNECTION_TIMEOUT;
    send_rts(vc, &a3);
}

/* [MS-RPCH] 2.2.4.9 */
static void send_c2(struct lab_vc *vc)
{
    struct om__rts_pdu c2;

    if (misbehaves(vc, LAB_MIS_RTS_NO_C2))
        return;
    om__rts_make(OM_RTS_KIND_CONN_C2, &c2);
    c2.commands[0].value = OM_RTS_VERSION;
    c2.commands[1].value = IN_WINDOW;
    c2.commands[2].value = CONNECTION_TIMEOUT;
    if (misbehaves(vc, LAB_MIS_RTS_BAD)) /* 2.2.3.5 ends with 0xE */
        c2.commands[2].cmd = (enum om__rts_cmd)0x4D;
    send_rts(vc, &c2);
}

/* [MS-RPCH] 2.2.4.51: what came on the IN channel is acknowledged on the OUT channel. */
static void send_ack(struct lab_vc *vc)
{
    struct om__rts_pdu ack;

    if (misbehaves(vc, LAB_MIS_RTS_NO_ACK))
        return;
    vc->in_flow.available = vc->in_flow.window;
    om__rts_make(OM_RTS_KIND_FLOW_CONTROL_DEST, &ack);
    ack.commands[0].value = OM_RTS_FD_CLIENT;
    ack.commands[1].ack =
        (struct om__rts_ack){vc->in_flow.bytes, vc->in_flow.available, vc->in_flow.cookie};
    send_rts(vc, &ack);
}

/* Sends what the client's window has room for. */
static void pump(struct lab_vc *vc)
{
    const uint8_t *pdu;
    size_t n;

    while ((n = lab_assoc_output_size(vc->assoc)) && n <= vc->out_flow.available) {
        if (!lab_assoc_output(vc->assoc, &pdu, &n))
            break;
        lab_conn_send(vc->out->conn, pdu, n);
        vc->out_flow.bytes += (uint32_t)n;
        vc->out_flow.available -= n < vc->out_flow.available ? (uint32_t)n : vc->out_flow.available;
        lab_loop_arm(vc->proxy->loop, &vc->ping, vc->keepalive / 2);
    }
    if (lab_assoc_over(vc->assoc) && !lab_assoc_output_size(vc->assoc))
        vc_close(vc);
}

/* [MS-RPCH] 3.2.1.2.1: half the interval without anything sent. */
static void ping_due(struct lab_timer *t)
{
    struct lab_vc *vc = VC_OF(t, ping);
    struct om__rts_pdu ping;

    om__rts_make(OM_RTS_KIND_PING, &ping);
    if (vc->out && !vc->closing)
        send_rts(vc, &ping);
    lab_loop_arm(vc->proxy->loop, t, vc->keepalive / 2);
}

static void silence_over(struct lab_timer *t)
{
    vc_close(VC_OF(t, silence));
}

/* ---- what comes from the client ---- */

/* Both channels are there: [MS-RPCH] 3.2.5.3.1 to the end. */
static bool establish(struct lab_vc *vc)
{
    if (!vc->in || !vc->out)
        return true;
    vc->assoc = lab_assoc_new(vc->port, vc->user);
    if (!vc->assoc)
        return false;
    send_c2(vc);
    lab_loop_arm(vc->proxy->loop, &vc->ping, vc->keepalive / 2);
    lab_loop_arm(vc->proxy->loop, &vc->silence, CONNECTION_TIMEOUT);
    return true;
}

static void set_keepalive(struct lab_vc *vc, uint32_t ms)
{
    vc->keepalive = ms ? ms : KEEPALIVE_DEFAULT;
}

/* CONN/A1, [MS-RPCH] 2.2.4.2: the answer's head goes out with it. */
static bool open_out(struct lab_http *h, const struct om__rts_pdu *a1)
{
    static const char head[] = "HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\n"
                               "Content-Length: 1073741824\r\n\r\n";
    struct channel *ch = h->state;
    struct lab_vc *vc = vc_find(h, &a1->commands[1].cookie);
    uint32_t window = a1->commands[3].value;

    if (!vc || window < OM_RTS_WINDOW_MIN || window > OM_RTS_WINDOW_MAX)
        return false;
    ch->vc = vc;
    vc->out = h;
    vc->out_flow = (struct flow){window, window, 0, a1->commands[2].cookie};
    lab_conn_send(h->conn, head, sizeof(head) - 1);
    send_a3(vc);
    return establish(vc);
}

/* CONN/B1, [MS-RPCH] 2.2.4.5 */
static bool open_in(struct lab_http *h, const struct om__rts_pdu *b1)
{
    struct channel *ch = h->state;
    struct lab_vc *vc = vc_find(h, &b1->commands[1].cookie);

    if (!vc)
        return false;
    ch->vc = vc;
    vc->in = h;
    vc->in_flow = (struct flow){IN_WINDOW, IN_WINDOW, 0, b1->commands[2].cookie};
    set_keepalive(vc, b1->commands[4].value);
    return establish(vc);
}

/* The first PDU of a channel: CONN/A1 or CONN/B1, and there must be a server behind us. */
static bool open_channel(struct lab_http *h, const struct om__rts_pdu *pdu)
{
    struct channel *ch = h->state;
    const struct lab_fault_rule *rule = NULL;
    bool ok;

    if (om__rts_kind(pdu) != (ch->in ? OM_RTS_KIND_CONN_B1 : OM_RTS_KIND_CONN_A1)) {
        lab_http_rpc_error(h, ERROR_PROTOCOL);
        return false;
    }
    if (ch->port)
        rule = lab_misbehaves(proxy_of(h)->misbehave, LAB_MIS_PROXY_ERROR, ch->port->server->name,
                              ch->port->port);
    if (!ch->port || rule) {
        lab_http_rpc_error(h, rule ? rule->number : ERROR_UNAVAILABLE);
        return false;
    }
    ok = ch->in ? open_in(h, pdu) : open_out(h, pdu);
    if (!ok && ch->vc)
        vc_close(ch->vc);
    else if (!ok)
        lab_http_rpc_error(h, ERROR_PROTOCOL);
    return ok;
}

/* [MS-RPCH] 3.2.1.5.1: what the client has taken is free again. */
static bool take_ack(struct lab_vc *vc, const struct om__rts_ack *ack)
{
    uint32_t under_way = vc->out_flow.bytes - ack->bytes_received;

    if (!om__uid_equal(&ack->channel, &vc->out_flow.cookie) || under_way > vc->out_flow.window)
        return false;
    vc->out_flow.available =
        ack->available_window > under_way ? ack->available_window - under_way : 0;
    pump(vc);
    return true;
}

static bool take_rts(struct lab_vc *vc, const struct om__rts_pdu *pdu)
{
    switch (om__rts_kind(pdu)) {
    case OM_RTS_KIND_FLOW_CONTROL_DEST:
        return pdu->commands[0].value == OM_RTS_FD_OUT_PROXY && take_ack(vc, &pdu->commands[1].ack);
    case OM_RTS_KIND_KEEP_ALIVE:
        set_keepalive(vc, pdu->commands[0].value);
        return true;
    case OM_RTS_KIND_PING:
        return true;
    default:
        return false; /* recycling is not asked for, so nothing else can come */
    }
}

static bool take_rpc(struct lab_vc *vc, const uint8_t *p, uint32_t n)
{
    struct flow *f = &vc->in_flow;

    if (n > f->available)
        return false; /* the client does not honour our window */
    f->bytes += n;
    f->available -= n;
    lab_assoc_feed(vc->assoc, p, n);
    if (f->available < f->window / 2)
        send_ack(vc);
    pump(vc);
    return true;
}

static bool take_pdu(struct lab_http *h, const uint8_t *p, uint16_t n, uint8_t ptype)
{
    struct channel *ch = h->state;
    struct om__rts_pdu rts;
    bool ok;

    if (ptype == OM_RPC_RTS && om__rts_decode(p, n, &rts, NULL) != OM_OK)
        return false;
    if (!ch->vc)
        return ptype == OM_RPC_RTS && open_channel(h, &rts);
    if (!ch->in || !ch->vc->assoc || ch->vc->closing)
        return false; /* the OUT channel's request ends with CONN/A1; RPC waits for CONN/C2 */
    ok = ptype == OM_RPC_RTS ? take_rts(ch->vc, &rts) : take_rpc(ch->vc, p, n);
    if (ok)
        lab_loop_arm(ch->vc->proxy->loop, &ch->vc->silence, CONNECTION_TIMEOUT);
    return ok;
}

static void broken(struct lab_http *h)
{
    struct channel *ch = h->state;

    if (ch->vc)
        vc_close(ch->vc);
    else
        lab_conn_finish(h->conn);
}

/* Whole PDUs out of the body's bytes. */
static size_t body(struct lab_http *h, const uint8_t *p, size_t n)
{
    struct channel *ch = h->state;
    struct om__rpc_header header;
    size_t done = 0;
    struct om_rd r;

    if (ch->echo)
        return n;
    while (n - done >= OM_RPC_HEADER_SIZE && !h->conn->dead && !h->conn->finishing) {
        om_rd_init(&r, p + done, n - done);
        om__rpc_rd_header(&r, &header);
        if (!om_rd_ok(&r) || header.frag_length > OM_MAX_RPC_FRAG) {
            broken(h);
            return n;
        }
        if (header.frag_length > n - done)
            break;
        if (!take_pdu(h, p + done, header.frag_length, header.ptype))
            broken(h);
        done += header.frag_length;
    }
    return done;
}

/* ---- requests ---- */

static bool knows(const char *path)
{
    return !strcasecmp(path, PATH) || !strcasecmp(path, "/rpcwithcert/rpcproxy.dll");
}

/* "%40" and the like become what they stand for. */
static void unescape(const char *in, char *out, size_t size)
{
    size_t n = 0;

    while (*in && n + 1 < size) {
        uint8_t c;

        if (*in == '%' && isxdigit((unsigned char)in[1]) && om__hex_parse(in + 1, 1, &c)) {
            out[n++] = (char)c;
            in += 3;
        } else {
            out[n++] = *in++;
        }
    }
    out[n] = 0;
}

/* The port behind "server:port", [MS-RPCH] 2.2.2; NULL: we may not, or cannot, reach it. */
static const struct lab_port *find_port(const struct lab_http *h)
{
    const struct lab_proxy *p = proxy_of(h);
    const struct lab_server *server;
    char name[512], *colon, *end;
    unsigned long port;
    size_t i;

    unescape(h->query, name, sizeof(name));
    colon = strrchr(name, ':');
    if (!colon)
        return NULL;
    *colon = 0;
    port = strtoul(colon + 1, &end, 10);
    server = lab_org_server(p->http.org, name);
    for (i = 0; server && !*end && i < p->port_count; i++)
        if (p->ports[i].server == server && p->ports[i].port == port)
            return &p->ports[i];
    return NULL;
}

/* [MS-RPCH] 2.1.2.1.5: an echo is one RTS PDU without commands, twenty bytes. */
static void answer_echo(struct lab_http *h)
{
    static const char head[] =
        "HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\nContent-Length: 20\r\n\r\n";
    struct om__rts_pdu echo;
    struct om_wr w;

    om_wr_init(&w, OM_MAX_RTS_PDU);
    om__rts_make(OM_RTS_KIND_ECHO, &echo);
    om__rts_encode(&w, &echo);
    lab_conn_send(h->conn, head, sizeof(head) - 1);
    lab_conn_send(h->conn, w.buf, w.len);
    om_wr_free(&w);
    h->replied = true;
}

static void request(struct lab_http *h)
{
    bool in = !strcmp(h->method, "RPC_IN_DATA");
    struct channel *ch;

    if (!in && strcmp(h->method, "RPC_OUT_DATA") != 0) {
        lab_http_reply(h, 200, "OK", "", "");
        return;
    }
    free(h->state);
    h->state = ch = calloc(1, sizeof(*ch));
    if (!ch) {
        lab_conn_close(h->conn);
        return;
    }
    ch->in = in;
    ch->port = find_port(h);
    ch->echo = h->length <= ECHO_MAX;
    lab_http_continue(h);
    if (ch->echo)
        answer_echo(h);
}

static void closed(struct lab_http *h)
{
    struct channel *ch = h->state;
    struct lab_vc *vc = ch ? ch->vc : NULL;

    if (vc) {
        if (vc->in == h)
            vc->in = NULL;
        if (vc->out == h)
            vc->out = NULL;
        vc_close(vc);
        if (!vc->in && !vc->out)
            vc_free(vc);
    }
    free(ch);
}

void lab_proxy_init(struct lab_proxy *p)
{
    p->http.knows = knows;
    p->http.request = request;
    p->http.body = body;
    p->http.closed = closed;
    p->http.owner = p;
}
