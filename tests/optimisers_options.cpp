// Options of optimisers that are refused, each with its value and what was expected.
#include "optimisers_table.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace xtape;
using namespace xtape::optim;
using doctest::Contains;
using optimisers_table::make;

namespace {

struct Bad {
  optimisers_table::Make make;
  const char* says;
};
const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();

const Bad refused[] = {
    {make<SGD>(SGDOptions(nan)), "SGD: the learning rate is nan, expected a finite number of at least 0"},
    {make<SGD>(SGDOptions(-0.1)), "SGD: the learning rate is -0.1"},
    {make<SGD>(SGDOptions(infinity)), "SGD: the learning rate is inf"},
    {make<SGD>(SGDOptions(1).momentum(1)), "SGD: momentum is 1.000000, expected a number in [0, 1)"},
    {make<SGD>(SGDOptions(1).momentum(-0.5)), "SGD: momentum is -0.5"},
    {make<SGD>(SGDOptions(1).momentum(nan)), "SGD: momentum is nan"},
    {make<SGD>(SGDOptions(1).nesterov()), "SGD: momentum is 0.000000, expected more than 0 with nesterov"},
    {make<SGD>(SGDOptions(1).momentum(0.5).dampening(1.5)), "SGD: dampening is 1.500000, expected a number in [0, 1]"},
    {make<SGD>(SGDOptions(1).momentum(0.5).dampening(0.5).nesterov()), "SGD: dampening is 0.500000, expected 0 with"},
    {make<SGD>(SGDOptions(1).weight_decay(-1)), "SGD: weight_decay is -1"},
    {make<SGD>(SGDOptions(1).weight_decay(infinity)), "SGD: weight_decay is inf"},
    {make<RegularizedSGD>(RegularizedSGDOptions(1).training_size(0)), "RegularizedSGD: training_size is 0"},
    {make<RegularizedSGD>(RegularizedSGDOptions(1).weight_decay(-1)), "RegularizedSGD: weight_decay is -1"},
    {make<Adam>(AdamOptions(nan)), "Adam: the learning rate is nan"},
    {make<Adam>(AdamOptions(1).betas(1, 0.9)), "Adam: beta1 is 1.000000, expected a number in [0, 1)"},
    {make<Adam>(AdamOptions(1).betas(0.9, -0.1)), "Adam: beta2 is -0.1"},
    {make<Adam>(AdamOptions(1).betas(nan, 0.9)), "Adam: beta1 is nan"},
    {make<Adam>(AdamOptions(1).eps(-1e-3)), "Adam: eps is -0.001"},
    {make<Adam>(AdamOptions(1).weight_decay(-1)), "Adam: weight_decay is -1"},
    {make<Adam>(AdamOptions(1).cautious()), "Adam: cautious is 1.000000, expected 0: only AdamW's decay"},
    {make<AdamW>(AdamOptions(1).weight_decay(-1)), "AdamW: weight_decay is -1"},
    {make<AdamW>(AdamOptions(1).weight_decay(nan)), "AdamW: weight_decay is nan"},
    {make<NAdam>(NAdamOptions(1).momentum_decay(-1)), "NAdam: momentum_decay is -1.000000, expected a finite number"},
    {make<NAdam>(NAdamOptions(1).betas(0.9, 1)), "NAdam: beta2 is 1"},
    {make<RAdam>(RAdamOptions(1).betas(0.9, 1)), "RAdam: beta2 is 1"},
    {make<RAdam>(RAdamOptions(1).eps(nan)), "RAdam: eps is nan"},
    {make<Adamax>(AdamaxOptions(1).betas(-1, 0.9)), "Adamax: beta1 is -1"},
    {make<Adagrad>(AdagradOptions(1).lr_decay(-1)), "Adagrad: lr_decay is -1"},
    {make<Adagrad>(AdagradOptions(1).initial_accumulator_value(-1)), "Adagrad: initial_accumulator_value is -1"},
    {make<Adadelta>(AdadeltaOptions().rho(1)), "Adadelta: rho is 1"},
    {make<RMSprop>(RMSpropOptions(1).alpha(1)), "RMSprop: alpha is 1"},
    {make<RMSprop>(RMSpropOptions(1).momentum(1)), "RMSprop: momentum is 1"},
    {make<RMSprop>(RMSpropOptions(1).momentum(-1)), "RMSprop: momentum is -1"},
    {make<Rprop>(RpropOptions(1).etas(1, 1.2)), "Rprop: etaminus is 1.000000, expected a number in (0, 1)"},
    {make<Rprop>(RpropOptions(1).etas(0.5, 1)), "Rprop: etaplus is 1.000000, expected a finite number of more than 1"},
    {make<Rprop>(RpropOptions(1).step_sizes(2, 1)), "Rprop: the largest step size is 1.000000, expected"},
    {make<Rprop>(RpropOptions(1).step_sizes(-2, 1)), "Rprop: the smallest step size is -2"},
    {make<Lion>(LionOptions(1).betas(0.9, 1)), "Lion: beta2 is 1"},
    {make<LAMB>(LAMBOptions(1).betas(1, 0.9)), "LAMB: beta1 is 1"},
    {make<Adafactor>(AdafactorOptions(1).beta2_decay(0.5)), "Adafactor: beta2_decay is 0.500000, expected a finite"},
    {make<Adafactor>(AdafactorOptions(1).d(0.5)), "Adafactor: d is 0.500000, expected a finite number of at least 1"},
    {make<Adafactor>(AdafactorOptions(1).eps(-1, 0)), "Adafactor: eps1 is -1"},
    {make<Muon>(MuonOptions(1).momentum(1)), "Muon: momentum is 1"},
    {make<Muon>(MuonOptions(1).ns_steps(0)), "Muon: ns_steps is 0.000000, expected at least 1"},
    {make<Muon>(MuonOptions(1).adamw_lr(-1)), "Muon: adamw_lr is -1"},
    {make<Muon>(MuonOptions(1).adamw_betas(0.9, 1)), "Muon: adamw_beta2 is 1"},
    {make<Muon>(MuonOptions(0)), "Muon: a parameter's rate is kept in proportion to the optimiser's, which is 0"},
    {make<SOAP>(SOAPOptions(1).precondition_frequency(0)),
     "SOAP: precondition_frequency is 0.000000, expected at least"},
    {make<SOAP>(SOAPOptions(1).shampoo_beta(1)), "SOAP: shampoo_beta is 1"},
    {make<SGDScheduleFree>(SGDScheduleFreeOptions(1).momentum(0)), "SGDScheduleFree: momentum is 0.000000, expected"},
    {make<SGDScheduleFree>(SGDScheduleFreeOptions(1).warmup_steps(-1)), "SGDScheduleFree: warmup_steps is -1"},
    {make<AdamWScheduleFree>(AdamWScheduleFreeOptions(1).betas(0, 0.9)), "AdamWScheduleFree: beta1 is 0"},
    {make<AdamWScheduleFree>(AdamWScheduleFreeOptions(1).r(nan)), "AdamWScheduleFree: r is nan"},
    {make<LBFGS>(LBFGSOptions().max_iter(0)), "LBFGS: max_iter is 0.000000, expected at least 1"},
    {make<LBFGS>(LBFGSOptions().max_eval(0)), "LBFGS: max_eval is 0"},
    {make<LBFGS>(LBFGSOptions().history_size(0)), "LBFGS: history_size is 0"},
    {make<LBFGS>(LBFGSOptions().tolerance_grad(-1)), "LBFGS: tolerance_grad is -1"},
    {make<LBFGS>(LBFGSOptions().tolerance_change(nan)), "LBFGS: tolerance_change is nan"},
    {make<NewtonCG>(NewtonCGOptions().max_cg(0)), "NewtonCG: max_cg is 0"},
    {make<NewtonCG>(NewtonCGOptions().tolerance_grad(-1)), "NewtonCG: tolerance_grad is -1"},
    {make<LevenbergMarquardt>(LevenbergMarquardtOptions().damping(0)), "LevenbergMarquardt: damping is 0"},
    {make<LevenbergMarquardt>(LevenbergMarquardtOptions().max_tries(0)), "LevenbergMarquardt: max_tries is 0"},
    {make<LevenbergMarquardt>(LevenbergMarquardtOptions().maximize()), "maximize is 1.000000, expected 0: residuals"},
    {make<Prodigy>(ProdigyOptions().d0(0)), "Prodigy: d0 is 0.000000, expected a finite number of more than 0"},
    {make<Prodigy>(ProdigyOptions().growth_rate(0.5)), "Prodigy: growth_rate is 0.500000, expected at least 1"},
    {make<Prodigy>(ProdigyOptions().beta3(1)), "Prodigy: beta3 is 1"},
};

}  // namespace

TEST_CASE("bad options are refused with the value and what was expected") {
  for (const Bad& bad : refused) CHECK_THROWS_WITH_AS(bad.make({Parameter(ones({2}))}), Contains(bad.says), Error);
}
