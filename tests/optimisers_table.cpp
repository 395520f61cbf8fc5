#include "optimisers_table.hpp"

namespace optimisers_table {

using namespace optim;

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"SGD", make<SGD>(SGDOptions(0.5))},
      {"SGD decay", make<SGD>(SGDOptions(0.5).weight_decay(0.05))},
      {"SGD momentum", make<SGD>(SGDOptions(0.2).momentum(0.9).weight_decay(0.01))},
      {"SGD dampening", make<SGD>(SGDOptions(0.3).momentum(0.8).dampening(0.4).weight_decay(0.01))},
      {"SGD Nesterov", make<SGD>(SGDOptions(0.2).momentum(0.9).nesterov().weight_decay(0.01))},
      {"RegularizedSGD", make<RegularizedSGD>(RegularizedSGDOptions(0.3).weight_decay(5).training_size(200))},
      {"RegularizedSGD L1", make<RegularizedSGD>(RegularizedSGDOptions(0.3).weight_decay(2).training_size(500).l1())},
      {"Adam", make<Adam>(AdamOptions(0.1))},
      {"Adam L2", make<Adam>(AdamOptions(0.1).betas(0.8, 0.95).eps(1e-3).weight_decay(0.1))},
      {"Adam AMSGrad", make<Adam>(AdamOptions(0.1).betas(0.9, 0.9).amsgrad())},
      {"AdamW", make<AdamW>(AdamOptions(0.1))},
      {"AdamW decay", make<AdamW>(AdamOptions(0.1).betas(0.8, 0.95).eps(1e-3).weight_decay(0.2))},
      {"AdamW AMSGrad", make<AdamW>(AdamOptions(0.05).betas(0.8, 0.8).amsgrad())},
      {"AdamW cautious", make<AdamW>(AdamOptions(0.05).weight_decay(0.3).cautious())},
      {"NAdam", make<NAdam>(NAdamOptions(0.05))},
      {"NAdam L2", make<NAdam>(NAdamOptions(0.1).betas(0.8, 0.95).eps(1e-3).weight_decay(0.1).momentum_decay(0.1))},
      {"NAdam decoupled",
       make<NAdam>(NAdamOptions(0.05).weight_decay(0.2).momentum_decay(0.05).decoupled_weight_decay())},
      {"RAdam", make<RAdam>(RAdamOptions(0.05))},
      {"RAdam L2", make<RAdam>(RAdamOptions(0.1).betas(0.8, 0.95).eps(1e-3).weight_decay(0.1))},
      {"RAdam decoupled", make<RAdam>(RAdamOptions(0.05).weight_decay(0.2).betas(0.9, 0.9).decoupled_weight_decay())},
      {"Adamax", make<Adamax>(AdamaxOptions(0.05))},
      {"Adamax L2", make<Adamax>(AdamaxOptions(0.1).betas(0.8, 0.7).eps(1e-3).weight_decay(0.1))},
      {"Adagrad", make<Adagrad>(AdagradOptions(0.1))},
      {"Adagrad decay",
       make<Adagrad>(AdagradOptions(0.3).lr_decay(0.05).weight_decay(0.1).initial_accumulator_value(0.2).eps(1e-3))},
      {"Adadelta", make<Adadelta>(AdadeltaOptions())},
      {"Adadelta L2", make<Adadelta>(AdadeltaOptions(0.7).rho(0.8).eps(1e-3).weight_decay(0.1))},
      {"RMSprop", make<RMSprop>(RMSpropOptions(0.02))},
      {"RMSprop momentum", make<RMSprop>(RMSpropOptions(0.01).alpha(0.9).eps(1e-3).weight_decay(0.1).momentum(0.8))},
      {"RMSprop centred", make<RMSprop>(RMSpropOptions(0.01).alpha(0.9).eps(1e-2).centered())},
      {"RMSprop both",
       make<RMSprop>(RMSpropOptions(0.003).alpha(0.95).eps(1e-2).weight_decay(0.1).momentum(0.8).centered())},
      {"Rprop", make<Rprop>(RpropOptions(0.01))},
      {"Rprop bounds", make<Rprop>(RpropOptions(0.02).etas(0.3, 1.5).step_sizes(5e-3, 0.1))},
      {"Lion", make<Lion>(LionOptions(0.01))},
      {"Lion decay", make<Lion>(LionOptions(0.02).betas(0.8, 0.95).weight_decay(0.3))},
      {"LAMB", make<LAMB>(LAMBOptions(0.02)), Sees::tensor},
      {"LAMB decay", make<LAMB>(LAMBOptions(0.05).betas(0.8, 0.95).eps(1e-3).weight_decay(0.2)), Sees::tensor},
      {"Adafactor", make<Adafactor>(AdafactorOptions(0.01)), Sees::tensor},
      {"Adafactor decay",
       make<Adafactor>(AdafactorOptions(0.2).beta2_decay(-0.5).eps(1e-4, 0.05).d(1.5).weight_decay(0.1)), Sees::tensor},
      {"Muon", make<Muon>(MuonOptions(0.02)), Sees::tensor},
      {"Muon matched", make<Muon>(MuonOptions(0.03).match_rms_adamw().weight_decay(0.1).ns_steps(4)), Sees::tensor},
      {"Muon chosen",
       make<Muon>(MuonOptions(0.05)
                      .momentum(0.8)
                      .nesterov(false)
                      .adamw_for("conv.*")
                      .adamw_lr(0.02)
                      .adamw_betas(0.8, 0.9)
                      .adamw_eps(1e-3)),
       Sees::tensor},
      {"SOAP", make<SOAP>(SOAPOptions(0.01)), Sees::tensor, true},
      {"SOAP often",
       make<SOAP>(SOAPOptions(0.02)
                      .betas(0.9, 0.99)
                      .shampoo_beta(0.8)
                      .eps(1e-3)
                      .weight_decay(0.1)
                      .precondition_frequency(3)
                      .correct_bias(false)),
       Sees::tensor, true},
      {"SOAP sides", make<SOAP>(SOAPOptions(0.01).precondition_frequency(1).max_precond_dim(3).normalize_grads()),
       Sees::tensor, true},
      {"SGDScheduleFree", make<SGDScheduleFree>(SGDScheduleFreeOptions(0.5)), Sees::all},
      {"SGDScheduleFree warm",
       make<SGDScheduleFree>(
           SGDScheduleFreeOptions(0.5).momentum(0.8).weight_decay(0.05).warmup_steps(10).r(1).weight_lr_power(1)),
       Sees::all},
      {"AdamWScheduleFree", make<AdamWScheduleFree>(AdamWScheduleFreeOptions(0.05)), Sees::all},
      {"AdamWScheduleFree warm",
       make<AdamWScheduleFree>(
           AdamWScheduleFreeOptions(0.1).betas(0.95, 0.9).eps(1e-3).weight_decay(0.1).warmup_steps(7).r(0.5)),
       Sees::all},
      {"Prodigy", make<Prodigy>(ProdigyOptions()), Sees::all},
      {"Prodigy decay",
       make<Prodigy>(ProdigyOptions(0.7)
                         .betas(0.8, 0.95)
                         .weight_decay(0.1)
                         .use_bias_correction()
                         .d0(1e-3)
                         .safeguard_warmup()
                         .growth_rate(1.3)
                         .d_coef(2)),
       Sees::all},
      {"Prodigy L2", make<Prodigy>(ProdigyOptions().beta3(0.9).weight_decay(0.1).decouple(false).eps(1e-4)), Sees::all},
      {"LBFGS", make<LBFGS>(LBFGSOptions().max_iter(1).history_size(20)), Sees::loss},
      {"LBFGS short", make<LBFGS>(LBFGSOptions(0.5).max_iter(3).history_size(2)), Sees::loss},
      {"LBFGS fixed", make<LBFGS>(LBFGSOptions(0.1).max_iter(2).max_eval(9).history_size(5).strong_wolfe(false)),
       Sees::loss},
      {"NewtonCG", make<NewtonCG>(NewtonCGOptions()), Sees::loss},
      {"NewtonCG short", make<NewtonCG>(NewtonCGOptions(0.5).max_cg(5).weight_decay(0.1)), Sees::loss},
      {"LevenbergMarquardt", make<LevenbergMarquardt>(LevenbergMarquardtOptions()), Sees::residuals},
      {"LevenbergMarquardt straight",
       make<LevenbergMarquardt>(LevenbergMarquardtOptions(0.8).damping(1).geodesic(false).weight_decay(0.1)),
       Sees::residuals},
  };
  return all;
}

Tensor step(const Row& row, Optimizer& opt, const std::function<Tensor()>& residuals) {
  if (row.sees == Sees::residuals) return opt.step(residuals);
  return opt.step([&] { return 0.5 * sum(square(residuals())); });
}

Tensor grid(const Shape& shape, int shift) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < shape.size(); ++i) v.push_back(static_cast<double>((7 * i + 3 + shift) % 13 - 6) / 8);
  return tensor(v, shape);
}

}  // namespace optimisers_table
