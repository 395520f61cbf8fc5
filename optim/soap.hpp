// SOAP: Adam in the eigenbasis of Shampoo's preconditioner.
#pragma once
#include <optim/optimizer.hpp>
#include <optional>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `SOAPOptions(3e-3).precondition_frequency(100)`. `weight_decay` is
/// the share of lr by which a parameter shrinks, 0.01 unless set.
class SOAPOptions : public Options<SOAPOptions> {
 public:
  SOAPOptions(double lr = 3e-3) : Options(lr) {}
  /// The decay rates of Adam's two running means, in [0, 1); both 0.95 by default.
  SOAPOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// The decay rate of the products of gradients, in [0, 1); β2 by default.
  SOAPOptions& shampoo_beta(double v) { return shampoo_beta_ = v, *this; }
  /// What keeps the denominator from 0; 1e-8 by default.
  SOAPOptions& eps(double v) { return eps_ = v, *this; }
  /// The number of steps from one change of the basis to the next, at least 1; 10 by default.
  SOAPOptions& precondition_frequency(std::int64_t v) { return frequency_ = v, *this; }
  /// The size from which an axis has no basis; 10000 by default.
  SOAPOptions& max_precond_dim(std::int64_t v) { return max_precond_dim_ = v, *this; }
  /// Vectors have a basis, too.
  SOAPOptions& precondition_1d(bool v = true) { return precondition_1d_ = v, *this; }
  /// Steps have the root mean square lr, which helps where the basis seldom changes.
  SOAPOptions& normalize_grads(bool v = true) { return normalize_grads_ = v, *this; }
  /// Corrects the means' bias, as Adam does; on by default.
  SOAPOptions& correct_bias(bool v) { return correct_bias_ = v, *this; }

 private:
  friend class SOAP;
  double beta1_ = 0.95, beta2_ = 0.95, eps_ = 1e-8;
  std::int64_t frequency_ = 10, max_precond_dim_ = 10000;
  bool precondition_1d_ = false, normalize_grads_ = false, correct_bias_ = true;
  std::optional<double> shampoo_beta_;
};

/// p <- (1 - lr weight_decay) (p - lr sqrt(1-β2^t) / (1-β1^t) Q_L (m / (sqrt(v) + eps)) Q_R^T), where m and v are
/// Adam's running means of Q_L^T g Q_R; L <- β L + (1-β) g g^T and R <- β R + (1-β) g^T g have the eigenvectors Q_L and
/// Q_R, by `eigh` at first, then every `precondition_frequency` steps by Q <- qr(L Q). An axis more has a factor more;
/// of vectors it is Adam. The first gradient makes the basis, and no step. In float32, gradients want to be between
/// 1e-18 and 1e18. Source: Vyas et al., SOAP: improving and stabilizing Shampoo using Adam, arXiv 2409.11321;
/// github.com/nikhilvyas/SOAP. Throws when an option is out of its range.
class SOAP : public Optimizer {
 public:
  SOAP(std::vector<Parameter> parameters, SOAPOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  void change_basis(Update& u) const;
  SOAPOptions options_;
};

}  // namespace xtape::optim
