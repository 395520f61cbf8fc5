// How an example ends when something goes wrong.
#pragma once
#include <functional>

/// Runs `body`; an exception becomes one line on standard error and status 1.
int guarded(const std::function<void()>& body);
