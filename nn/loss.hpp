// All costs. None stretches a prediction or a target to the shape of the other.
#pragma once
#include <nn/classification_loss.hpp>
#include <nn/ctc_loss.hpp>
#include <nn/distance_loss.hpp>
#include <nn/margin_loss.hpp>
#include <nn/regression_loss.hpp>
