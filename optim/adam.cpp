#include "adam.hpp"

namespace xtape::optim {
namespace {

std::vector<std::string> names(bool amsgrad) {
  if (amsgrad) return {"exp_avg", "root_exp_avg_sq", "root_max_exp_avg_sq"};
  return {"exp_avg", "root_exp_avg_sq"};
}

}  // namespace

Adam::Adam(const char* name, std::vector<Parameter> parameters, AdamOptions o, bool decoupled, Site site)
    : Optimizer(name, std::move(parameters), o, zeros_like(names(o.amsgrad_)), site),
      options_(o),
      decoupled_(decoupled) {
  has_betas(o.beta1_, o.beta2_, site);
  option_from_0("eps", o.eps_, site);
  option("cautious", o.cautious_, decoupled || !o.cautious_, "0: only AdamW's decay can be cautious", site);
  option("amsgrad", o.amsgrad_);
}

Adam::Adam(std::vector<Parameter> parameters, AdamOptions options, Site site)
    : Adam("Adam", std::move(parameters), options, false, site) {}
AdamW::AdamW(std::vector<Parameter> parameters, AdamOptions o, Site site)
    : Adam("AdamW", std::move(parameters), o.weight_decay_ ? o : o.weight_decay(0.01), true, site) {}

void Adam::prepare(std::vector<Update>& updates) {
  if (!updates.empty()) bias_ = {momentum(), options_.beta2_, updates[0].t};
}

void Adam::update(Update& u) const {
  AdamStep step{u.lr, momentum(), options_.beta2_, options_.eps_};
  if (decoupled_) step.shrink = 1 - u.lr * u.weight_decay;
  else step.l2 = u.weight_decay;
  step.cautious = options_.cautious_;
  adam_step(u.p, u.cells, u.g, u.t == bias_.t ? bias_ : AdamBias(step.beta1, step.beta2, u.t), step);
}

}  // namespace xtape::optim
