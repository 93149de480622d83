/* SPDX-License-Identifier: MIT */
/*
 * Allocation. All of the library's own memory comes from here, so that a test can make the Nth
 * allocation fail (-Dfaults=true) and see every path behind it.
 */
#ifndef OM_BASE_MEM_H
#define OM_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *om__malloc(size_t n);
void *om__calloc(size_t n, size_t size);
void *om__realloc(void *p, size_t n);
char *om__strdup(const char *s);
char *om__strndup(const char *s, size_t n);
void om__free(void *p);

/* Overwrites with zeroes in a way the compiler keeps. NULL is accepted when n is 0. */
void om__wipe(void *p, size_t n);

/* Wipes n bytes, then frees. */
void om__wipe_free(void *p, size_t n);
void om__wipe_free_str(char *s);

/* Compares without a branch on the contents: for signatures and digests. */
bool om__equal_ct(const void *a, const void *b, size_t n);

/* What a fault test can make fail. */
enum om__fault_kind { OM_FAULT_ALLOC, OM_FAULT_READ, OM_FAULT_WRITE, OM_FAULT_KINDS };

/*
 * Where an operation can fail on demand: true means "fail now". Always false unless built with
 * -Dfaults=true, when the Nth operation of the kind armed on this thread fails.
 */
#ifdef OM_FAULTS
bool om__fault(enum om__fault_kind kind);
void om__fault_arm(enum om__fault_kind kind, unsigned long nth); /* 0 disarms; counts from 1 */
bool om__fault_hit(void); /* since it was armed, did it fire? */
#else
static inline bool om__fault(enum om__fault_kind kind)
{
    (void)kind;
    return false;
}
#endif

#endif
