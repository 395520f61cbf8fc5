// Adam and AdamW.
#pragma once
#include <optim/adam_step.hpp>
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `AdamOptions(1e-3).betas(0.9, 0.99)`. `weight_decay` is for Adam λ
/// of an L2 penalty, 0 unless set; for AdamW the share of lr by which a parameter shrinks, 0.01 unless set.
class AdamOptions : public Options<AdamOptions> {
 public:
  AdamOptions(double lr = 1e-3) : Options(lr) {}
  /// The decay rates of the two running means, in [0, 1); 0.9 and 0.999 by default.
  AdamOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// What keeps the denominator from 0; 1e-8 by default.
  AdamOptions& eps(double v) { return eps_ = v, *this; }
  /// Divides by the largest v̂ there was so far. Source: Reddi et al., ICLR 2018.
  AdamOptions& amsgrad(bool v = true) { return amsgrad_ = v, *this; }
  /// AdamW: decays a number only where the step makes it smaller, too. Source: Chen et al., arXiv 2510.12402.
  AdamOptions& cautious(bool v = true) { return cautious_ = v, *this; }

 private:
  friend class Adam;
  friend class AdamW;
  double beta1_ = 0.9, beta2_ = 0.999, eps_ = 1e-8;
  bool amsgrad_ = false, cautious_ = false;
};

/// m <- β1 m + (1-β1) g, v <- β2 v + (1-β2) g², p <- p - lr m̂ / (sqrt(v̂) + eps), where m̂ = m / (1-β1^t) and
/// v̂ = v / (1-β2^t); what is kept of v is its root, which no gradient overflows. Where m is 0, so is the step, also
/// without eps. Source: Kingma and Ba, ICLR 2015. Throws when an option is out of its range.
class Adam : public Optimizer {
 public:
  Adam(std::vector<Parameter> parameters, AdamOptions options = {}, Site site = Site::here());

 protected:
  Adam(const char* name, std::vector<Parameter> parameters, AdamOptions options, bool decoupled, Site site);
  void prepare(std::vector<Update>& updates) override;
  void update(Update& u) const override;

 private:
  AdamOptions options_;
  AdamBias bias_;
  bool decoupled_;
};

/// Adam whose weight decay is apart from the gradient: p <- (1 - lr weight_decay) p first.
/// Source: Loshchilov and Hutter, ICLR 2019.
class AdamW : public Adam {
 public:
  AdamW(std::vector<Parameter> parameters, AdamOptions options = {}, Site site = Site::here());
};

}  // namespace xtape::optim
