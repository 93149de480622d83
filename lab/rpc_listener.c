/* SPDX-License-Identifier: MIT */
#include "lab/rpc_listener.h"

#include <unistd.h>

static void readable(struct lab_conn *c)
{
    struct lab_assoc *a = c->owner;
    const uint8_t *pdu;
    size_t n;

    lab_assoc_feed(a, c->in, c->in_len);
    lab_conn_consume(c, c->in_len);
    while (lab_assoc_output(a, &pdu, &n))
        lab_conn_send(c, pdu, n);
    if (lab_assoc_over(a))
        lab_conn_finish(c);
}

static void closed(struct lab_conn *c)
{
    lab_assoc_free(c->owner);
}

void lab_rpc_accept(struct lab_net *net, int fd, const struct lab_port *port)
{
    static const struct lab_conn_ops ops = {readable, closed};
    struct lab_assoc *a = lab_assoc_new(port, NULL);

    if (!a)
        close(fd);
    else if (!lab_conn_new(net, fd, NULL, port->server->name, port->port, &ops, a))
        lab_assoc_free(a);
}
