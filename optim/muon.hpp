// Muon: momentum made orthogonal, for hidden matrices; AdamW beside it for all else.
#pragma once
#include <optim/optimizer.hpp>
#include <optional>

namespace xtape::optim {

/// The learning rate of matrices, and what may be set besides: `MuonOptions(0.02).adamw_lr(1e-3)`. `weight_decay` is
/// the share of its rate by which a parameter shrinks, 0 unless set.
class MuonOptions : public Options<MuonOptions> {
 public:
  MuonOptions(double lr = 0.02) : Options(lr) {}
  /// The share of the running mean that is kept, in [0, 1); 0.95 by default.
  MuonOptions& momentum(double v) { return momentum_ = v, *this; }
  /// Nesterov's look-ahead; on by default.
  MuonOptions& nesterov(bool v) { return nesterov_ = v, *this; }
  /// The number of Newton-Schulz steps, at least 1; 5 by default.
  MuonOptions& ns_steps(int v) { return ns_steps_ = v, *this; }
  /// Steps of the size of AdamW's, whose rates and decays can be taken over: by 0.2 sqrt(max(rows, columns)), and
  /// `adamw_lr` is lr unless set. Source: Liu et al., Muon is scalable for LLM training, arXiv 2502.16982.
  MuonOptions& match_rms_adamw(bool v = true) { return match_rms_adamw_ = v, *this; }
  /// Which parameters AdamW takes beside vectors and scalars, instead of those whose name has "embed" in it and the
  /// last of rank 2 or more, the output layer.
  MuonOptions& adamw_for(Optimizer::Selection v) { return adamw_for_ = std::move(v), *this; }
  /// Its learning rate, kept in proportion to lr; 3e-4 by default.
  MuonOptions& adamw_lr(double v) { return adamw_lr_ = v, *this; }
  /// Its decay rates, in [0, 1); 0.9 and 0.95 by default.
  MuonOptions& adamw_betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// What keeps its denominator from 0; 1e-10 by default.
  MuonOptions& adamw_eps(double v) { return eps_ = v, *this; }

 private:
  friend class Muon;
  double momentum_ = 0.95, beta1_ = 0.9, beta2_ = 0.95, eps_ = 1e-10;
  bool nesterov_ = true, match_rms_adamw_ = false;
  int ns_steps_ = 5;
  std::optional<double> adamw_lr_;
  std::optional<Optimizer::Selection> adamw_for_;
};

/// m <- μ m + (1-μ) g, p <- (1 - lr weight_decay) p - lr sqrt(max(1, rows / columns)) NS(μ m + (1-μ) g), where NS(x) is
/// near U V^T of x = U S V^T, by `newton_schulz`; without Nesterov NS(m). A parameter with more than two axes is a
/// matrix of its first axis and the rest, as a kernel of a convolution. Source: Jordan et al., Muon: an optimizer for
/// hidden layers in neural networks, 2024; github.com/KellerJordan/Muon. Throws when an option is out of its range.
class Muon : public Optimizer {
 public:
  Muon(std::vector<Parameter> parameters, MuonOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  MuonOptions options_;
};

/// (m, n) -> (m, n): x / (||x|| + 1e-7), whose singular values are moved towards 1, into about [0.7, 1.2], by
/// `steps` times x <- a x + (b A + c A²) x with A = x x^T, a = 3.4445, b = -4.7750 and c = 2.0315; not differentiable.
/// Source: as Muon's. Throws unless x is a floating matrix.
Tensor newton_schulz(const Tensor& x, int steps = 5, Site site = Site::here());

}  // namespace xtape::optim
