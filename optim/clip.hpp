// Gradients that are too large are cut back.
#pragma once
#include <autograd/parameter.hpp>
#include <vector>

namespace xtape::optim {

/// Scales gradients so that their norm as one vector, (Σ |g|^p)^(1/p), is at most `max_norm`, and returns what it was;
/// p = infinity is the largest |g|. Undefined ones count as 0. Throws unless max_norm > 0 and p > 0, and where the norm
/// is infinite or NaN. Source: Pascanu, Mikolov and Bengio, ICML 2013. (PyTorch: `clip_grad_norm_`.)
double clip_grad_norm(Tensors& gradients, double max_norm, double p = 2, Site site = Site::here());
/// The same of what `backward` has added up in parameters.
double clip_grad_norm(const std::vector<Parameter>& parameters, double max_norm, double p = 2,
                      Site site = Site::here());
/// Cuts each number of gradients to [-max_value, max_value]. Throws unless max_value > 0. (PyTorch:
/// `clip_grad_value_`.)
void clip_grad_value(Tensors& gradients, double max_value, Site site = Site::here());
/// The same of what `backward` has added up in parameters.
void clip_grad_value(const std::vector<Parameter>& parameters, double max_value, Site site = Site::here());

}  // namespace xtape::optim
