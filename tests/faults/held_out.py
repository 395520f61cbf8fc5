"""Draws the subjects that are held out while thresholds are chosen: python3 held_out.py > held_out.txt"""
import hashlib

SEED = 20261128
SETS = {
    "deepfd": [f"deepfd-{i:02}" for i in range(1, 53)],
    "checker": [f"checker-{kind}" for kind in """double_normalization flipped_sign high_lr low_lr low_adam_epsilon
        missing_batchnorm missing_batchnorm_at_inference missing_normalization missing_regularization
        over_regularization missing_softmax redundant_softmax wrong_softmax over_scaled_outputs unbalanced_data
        wrong_activation inapplicable_activation wrong_augmentation constant_init random_init wrong_labels
        wrong_loss_function wrong_loss_function_2 wrong_loss_selection""".split()],
    "neuralint": [f"neuralint-{kind}" for kind in """bin_missing_sigmoid bin_missing_sigmoid_2
        bin_wrong_last_layer_activation bin_wrong_loss_inputs constant_init decreasing_window_size
        disconnected_pooling_layers disconnected_pooling_layers_2 disconnected_pooling_layers_3 double_activation
        dropout_before_batchnorm dropout_before_pooling increasing_dense_widths inv_amount_pooling inv_filter_size
        mismatch_shapes missing_flatten missing_init missing_relus missing_reshape missing_softmax multiple_inits
        no_main_loop non_increasing_filters non_zero_biases redundant_activation useless_bias wrong_loss_inputs
        zero_init""".split()],
}

print(f"""# Held out while thresholds are chosen. The rule: the subjects of each of the three sets are sorted by
# sha256("{SEED}:id"), and the first half of them is this. A kind of TheDeepChecker is held out with all its base programs.
# Written by held_out.py.""")
for ids in SETS.values():
    ids.sort(key=lambda name: hashlib.sha256(f"{SEED}:{name}".encode()).hexdigest())
    print("\n".join(sorted(ids[:len(ids) // 2])))
