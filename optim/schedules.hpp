// All schedules.
#pragma once
#include <optim/composed_schedule.hpp>
#include <optim/cycle_schedule.hpp>
#include <optim/factor_schedule.hpp>
