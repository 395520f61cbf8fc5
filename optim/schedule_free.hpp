// Schedule-Free SGD and AdamW: an average of the steps in the place of a falling learning rate.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// How steps are weighted in the average.
struct StepWeights {
  std::int64_t warmup_steps = 0;
  double r = 0, weight_lr_power = 2;
};

/// What both have in common.
template <class Self>
class ScheduleFreeOptions : public Options<Self> {
 public:
  using Options<Self>::Options;
  /// The number of steps over which the rate rises from 0; 0 by default.
  Self& warmup_steps(std::int64_t v) { return weights_.warmup_steps = v, static_cast<Self&>(*this); }
  /// The power of the count of steps by which they are weighted in the average; 0 by default.
  Self& r(double v) { return weights_.r = v, static_cast<Self&>(*this); }
  /// The power of the largest rate so far by which they are weighted; 2 by default.
  Self& weight_lr_power(double v) { return weights_.weight_lr_power = v, static_cast<Self&>(*this); }

 protected:
  StepWeights weights_;
};

/// The learning rate, and what may be set besides: `SGDScheduleFreeOptions(1).momentum(0.95)`. `weight_decay` is λ of
/// an L2 penalty, 0 unless set.
class SGDScheduleFreeOptions : public ScheduleFreeOptions<SGDScheduleFreeOptions> {
 public:
  SGDScheduleFreeOptions(double lr = 1) : ScheduleFreeOptions(lr) {}
  /// The share β of x in y, in (0, 1); 0.9 by default.
  SGDScheduleFreeOptions& momentum(double v) { return momentum_ = v, *this; }

 private:
  friend class SGDScheduleFree;
  double momentum_ = 0.9;
};

/// The learning rate, and what may be set besides: `AdamWScheduleFreeOptions(2.5e-3).warmup_steps(1000)`.
/// `weight_decay` is the share of y that is added to the direction, 0 unless set.
class AdamWScheduleFreeOptions : public ScheduleFreeOptions<AdamWScheduleFreeOptions> {
 public:
  AdamWScheduleFreeOptions(double lr = 2.5e-3) : ScheduleFreeOptions(lr) {}
  /// The share β of x in y, in (0, 1), and the decay rate of the mean square, in [0, 1); 0.9 and 0.999 by default.
  AdamWScheduleFreeOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// What keeps the denominator from 0; 1e-8 by default.
  AdamWScheduleFreeOptions& eps(double v) { return eps_ = v, *this; }

 private:
  friend class AdamWScheduleFree;
  double beta1_ = 0.9, beta2_ = 0.999, eps_ = 1e-8;
};

/// What both do: while training the parameters are y, where gradients are taken; `averaged()` shows x, to judge and to
/// save the model by. Statistics of batch normalisation have to be computed anew there.
class ScheduleFree : public Optimizer {
 protected:
  /// `beta2` is the decay rate of the mean square, 0 where there is none.
  ScheduleFree(const char* name, std::vector<Parameter> parameters, const CommonOptions& options,
               std::vector<std::string> cells, StepWeights weights, double beta, double beta2, Site site);
  void prepare(std::vector<Update>& updates) override;
  Tensors averaged_values() const override;
  /// Of one tensor at this step: lr, c, and lr (1 - β (1-c)). Its first z is y.
  struct Move {
    double lr, share, back;
  };
  Move move_of(Update& u) const;
  double beta2_;

 private:
  StepWeights weights_;
  double beta_;
  double rate_ = 1, share_ = 1;  // of this step: a factor of lr, and the share of z in x
};

/// y <- y + c (z - y) - lr (1 - β (1-c)) d, z <- z - lr d with d = g + weight_decay y, by which x <- (1-c) x + c z and
/// y = (1-β) z + β x; c is the share of this step's weight t^r (largest lr)^weight_lr_power in the sum of all.
/// Source: Defazio et al., The road less scheduled, NeurIPS 2024; github.com/facebookresearch/schedule_free. Throws
/// when an option is out of its range.
class SGDScheduleFree : public ScheduleFree {
 public:
  SGDScheduleFree(std::vector<Parameter> parameters, SGDScheduleFreeOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;
};

/// The same with d = g / (sqrt(v) + eps) + weight_decay y and v <- β2 v + (1-β2) g², of which the root is kept; lr is
/// multiplied by sqrt(1-β2^t). Source: as SGDScheduleFree's. Throws when an option is out of its range.
class AdamWScheduleFree : public ScheduleFree {
 public:
  AdamWScheduleFree(std::vector<Parameter> parameters, AdamWScheduleFreeOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  double eps_;
};

}  // namespace xtape::optim
