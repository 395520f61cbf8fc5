#include "accuracy.hpp"

namespace accuracy {

// Bounds in the units of their tests, with what they are measured to be.
const std::vector<Exception> exceptions = {
    // Functions of each element.
    {"erfc", float32, 0, 4, "four roundings and the exponential's follow one another"},
    {"gelu", float32, 0, 7, "as erfc; the product's factor is subnormal below -13"},
    {"gelu", float64, 0, 3, "as erfc"},
    {"gelu by tanh", float32, 0, 100, "the argument of the exponential is a rounded sum, up to 90"},
    {"gelu by tanh", float32, 1, 120, "the argument of the exponential is a rounded sum, up to 90"},
    {"gelu by tanh", float32, 2, 130, "the argument of the exponential is a rounded sum, up to 90"},
    {"gelu by tanh", float64, 0, 800, "the argument of the exponential is a rounded sum, up to 700"},
    {"gelu by tanh", float64, 1, 800, "the argument of the exponential is a rounded sum, up to 700"},
    {"gelu by tanh", float64, 2, 900, "the argument of the exponential is a rounded sum, up to 700"},
    {"squareplus", float64, 2, 5, "the quotient of a root and a cosine, without fused multiply-adds"},
    {"hypot", float32, 2, 11, "beside subnormal arguments the root is subnormal, of few digits"},
    {"lecun_tanh", float32, 1, 50, "2x/3 is rounded, which e^(-4x/3) sees x times"},
    {"lecun_tanh", float32, 2, 50, "2x/3 is rounded, which e^(-4x/3) sees x times"},
    {"lecun_tanh", float64, 1, 60, "2x/3 is rounded, which e^(-4x/3) sees x times"},
    {"lecun_tanh", float64, 2, 60, "2x/3 is rounded, which e^(-4x/3) sees x times"},
    // Reductions and costs.
    {"log_softmax", float64, 2, 21, "e^y of a rounded y: the logits, which it would take, are not kept"},
    {"log_cosh_loss", float32, 0, 7, "near 0 the square of a rounded sinh"},
    {"log_cosh_loss", float32, 2, 15, "the power of a rounded difference"},
    {"log_cosh_loss", float64, 0, 4.1, "near 0 the square of a rounded sinh"},
    {"log_cosh_loss", float64, 2, 15, "the power of a rounded difference"},
    {"focal_loss", float32, 0, 5, "a product of rounded factors, one of them squared"},
    {"focal_loss", float32, 1, 4.3, "a product of rounded factors, one of them squared"},
    {"focal_loss", float64, 0, 7, "a product of rounded factors, one of them squared"},
    {"focal_loss", float64, 2, 4.1, "a product of rounded factors, one of them squared"},
    {"focal_loss", float64, 1, 5.5, "a product of rounded factors, one of them squared"},
    {"CosineSimilarity", float64, 2, 5.7, "six terms that cancel, each a product of rounded quotients"},
};

}  // namespace accuracy
