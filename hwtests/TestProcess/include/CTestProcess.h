// What lets a test open the software VA driver in its own process, without root, a GPU or a preload. Linked into test
// programs only.
#pragma once
#include <stdbool.h>

// /dev/null answers as a render node from now on, or no longer does. Without it libva makes no display on /dev/null.
void vabuf_test_null_is_render_node(bool is);

// Sets a variable of the environment, or takes it away (NULL). Unlike setenv it moves no memory, so that threads that
// read the environment meanwhile are safe. One thread at a time may call it.
// 0; -1 if there is no room, or the variable was there when the process began and is not one of LIBVA_ and SOFTVA_.
int vabuf_test_set_environment(const char *name, const char *value);
