// Counts what a benchmark allocates and faults in; it replaces malloc of the whole program.
#pragma once
#include <stdint.h>

// Calls of malloc, calloc, realloc, aligned_alloc and posix_memalign so far, on all threads.
int64_t allocation_count(void);
// The bytes that they were asked for.
int64_t allocated_bytes(void);
// Bytes of the heap in use.
int64_t heap_bytes(void);
// Pages that the kernel mapped on first touch so far, without reading a disk.
int64_t page_fault_count(void);
