/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#ifdef OM_FAULTS
static _Thread_local unsigned long fault_left[OM_FAULT_KINDS];
static _Thread_local bool fault_fired;

bool om__fault(enum om__fault_kind kind)
{
    if (fault_left[kind] == 0 || --fault_left[kind] != 0)
        return false;
    fault_fired = true;
    return true;
}

void om__fault_arm(enum om__fault_kind kind, unsigned long nth)
{
    fault_left[kind] = nth;
    fault_fired = false;
}

bool om__fault_hit(void)
{
    return fault_fired;
}
#endif

void *om__malloc(size_t n)
{
    return om__fault(OM_FAULT_ALLOC) ? NULL : malloc(n ? n : 1);
}

void *om__calloc(size_t n, size_t size)
{
    return om__fault(OM_FAULT_ALLOC) ? NULL : calloc(n ? n : 1, size ? size : 1);
}

void *om__realloc(void *p, size_t n)
{
    return om__fault(OM_FAULT_ALLOC) ? NULL : realloc(p, n ? n : 1);
}

char *om__strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = om__malloc(len + 1);

    if (!copy)
        return NULL;
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *om__strdup(const char *s)
{
    return om__strndup(s, strlen(s));
}

void om__free(void *p)
{
    free(p);
}

void om__wipe(void *p, size_t n)
{
    if (n)
        explicit_bzero(p, n);
}

void om__wipe_free(void *p, size_t n)
{
    if (p)
        om__wipe(p, n);
    om__free(p);
}

void om__wipe_free_str(char *s)
{
    if (s)
        om__wipe_free(s, strlen(s));
}

bool om__equal_ct(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;
    uint8_t diff = 0;

    for (size_t i = 0; i < n; i++)
        diff |= (uint8_t)(x[i] ^ y[i]);
    return diff == 0;
}
