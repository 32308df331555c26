"""The classes of which every backend was seen to give the same report.

This room owns that table, and nothing of what is made of it. It holds what Keras cannot be asked:
a layer may be refused by one backend alone, or be counted differently, and only trying tells.

Each class was compiled in models of a few layers with inputs of one to four axes and with its
main arguments, on jax and on the others; shapes, parameters, memory, settled objective and the
codes of all warnings were equal. Left out are those that differ (`Normalization`, whose
counter takes other bytes; `ops.where`, whose result has another type; top-k accuracies of a single
score, which torch refuses), those that no such model takes, and all applications.
"""

from __future__ import annotations

_LAYERS = """
ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D
AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization CenterCrop
Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D
Conv2DTranspose Conv3D Conv3DTranspose Convolution1D Convolution1DTranspose Convolution2D
Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D Cropping2D Cropping3D
CutMix Dense DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Equalization
Flatten GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D
GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity IntegerLookup Lambda
LayerNormalization LeakyReLU Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D
MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp MultiHeadAttention
Multiply PReLU Permute RMSNormalization RandAugment RandomBrightness RandomColorDegeneration
RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomRotation
RandomSaturation RandomSharpness RandomShear ReLU RepeatVector Rescaling Reshape Resizing
ReversibleEmbedding SeparableConv1D SeparableConv2D SeparableConvolution1D
SeparableConvolution2D Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D
SpectralNormalization StringLookup Subtract TimeDistributed UnitNormalization UpSampling1D
UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
applications.convnext.StochasticDepth applications.inception_resnet_v2.CustomScaleLayer
"""

_OPS = """
ops.abs ops.absolute ops.add ops.angle ops.append ops.arccos ops.arccosh ops.arcsin ops.arcsinh
ops.arctan ops.arctan2 ops.arctanh ops.argsort ops.array ops.binary_crossentropy ops.bitwise_and
ops.bitwise_invert ops.bitwise_left_shift ops.bitwise_not ops.bitwise_or ops.bitwise_right_shift
ops.bitwise_xor ops.categorical_crossentropy ops.cbrt ops.cdist ops.ceil ops.celu
ops.concatenate ops.conj ops.conjugate ops.conv ops.convert_to_tensor ops.copy ops.corrcoef
ops.cos ops.cosh ops.cumprod ops.cumsum ops.deg2rad ops.diag ops.diagonal ops.diff ops.divide
ops.divide_no_nan ops.dot ops.dstack ops.elu ops.empty_like ops.equal ops.erf ops.erfc
ops.erfinv ops.exp ops.exp2 ops.expm1 ops.fabs ops.flip ops.fliplr ops.flipud ops.floor
ops.floor_divide ops.fmax ops.fmin ops.fmod ops.full_like ops.gcd ops.gelu ops.glu ops.greater
ops.greater_equal ops.hard_shrink ops.hard_sigmoid ops.hard_silu ops.hard_swish ops.hard_tanh
ops.heaviside ops.hstack ops.hypot ops.i0 ops.imag ops.image.elastic_transform
ops.image.gaussian_blur ops.image.sobel_edges ops.image.ssim ops.irfft ops.isclose ops.isfinite
ops.isin ops.isinf ops.isnan ops.isneginf ops.isposinf ops.isreal ops.kron
ops.layer_normalization ops.lcm ops.ldexp ops.leaky_relu ops.left_shift ops.less ops.less_equal
ops.log ops.log10 ops.log1p ops.log2 ops.log_sigmoid ops.log_softmax ops.logaddexp
ops.logaddexp2 ops.logdet ops.logical_and ops.logical_not ops.logical_or ops.logical_xor
ops.lstsq ops.matmul ops.matrix_rank ops.maximum ops.minimum ops.mod ops.multiply ops.nan_to_num
ops.nancumprod ops.nancumsum ops.nanpercentile ops.nanquantile ops.ndim ops.negative
ops.nextafter ops.normalize ops.not_equal ops.ones_like ops.percentile ops.pinv ops.polar
ops.power ops.quantile ops.rad2deg ops.ravel ops.real ops.reciprocal ops.relu ops.relu6
ops.right_shift ops.rms_normalization ops.round ops.rsqrt ops.selu ops.sigmoid ops.sign
ops.signbit ops.silu ops.sin ops.sinc ops.sinh ops.soft_shrink ops.softmax ops.softplus
ops.softsign ops.sort ops.sparse_plus ops.sparse_sigmoid ops.sparsemax ops.sqrt ops.square
ops.squareplus ops.squeeze ops.stop_gradient ops.subtract ops.swish ops.take ops.tan ops.tanh
ops.tanh_shrink ops.tensordot ops.trace ops.trapezoid ops.tril ops.triu ops.true_divide
ops.trunc ops.unique ops.view ops.view_as_complex ops.view_as_real ops.vstack ops.zeros_like
"""

_OPTIMIZERS = """
Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer Muon Nadam
RMSprop SGD ScheduleFreeAdamW CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay
PiecewiseConstantDecay PolynomialDecay
"""

_LOSSES_AND_METRICS = """
AUC Accuracy BCE BinaryAccuracy BinaryCrossentropy BinaryFocalCrossentropy BinaryIoU
CategoricalAccuracy CategoricalCrossentropy CategoricalFocalCrossentropy
CategoricalGeneralizedCrossEntropy CategoricalHinge Circle ConcordanceCorrelation
CosineSimilarity Dice F1Score FBetaScore FalseNegatives FalsePositives Hinge Huber KLD
KLDivergence LogCosh LogCoshError MAE MAPE MSE MSLE Mean MeanAbsoluteError
MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError PearsonCorrelation
Poisson Precision R2Score Recall RootMeanSquaredError SparseCategoricalAccuracy
SparseCategoricalCrossentropy SquaredHinge Sum TrueNegatives TruePositives Tversky acc accuracy
auc bce binary_accuracy binary_crossentropy binary_focal_crossentropy binary_io_u
categorical_accuracy categorical_crossentropy categorical_focal_crossentropy categorical_hinge
ce circle concordance_correlation cosine_similarity crossentropy dice f1_score f_beta_score
false_negatives false_positives hinge huber kl_divergence kld log_cosh log_cosh_error mae mape
mean mean_absolute_error mean_absolute_percentage_error mean_squared_error
mean_squared_logarithmic_error mse msle pearson_correlation poisson precision r2_score recall
root_mean_squared_error sparse_categorical_accuracy sparse_categorical_crossentropy
squared_hinge sum true_negatives true_positives tversky
"""

_OTHERS = """
BackupAndRestore CSVLogger CallbackList EarlyStopping GlorotNormal GlorotUniform HeNormal
HeUniform History L1 L1L2 L2 LambdaCallback LecunNormal LecunUniform MaxNorm MinMaxNorm
ModelCheckpoint NonNeg Ones OrthogonalRegularizer ProgbarLogger RandomNormal RandomUniform
ReduceLROnPlateau RemoteMonitor SwapEMAWeights TensorBoard TerminateOnNaN TruncatedNormal
UnitNorm VarianceScaling Zeros glorot_normal glorot_uniform he_normal he_uniform l1 l1_l2 l1l2
l2 lecun_normal lecun_uniform max_norm min_max_norm non_neg normal one ones
orthogonal_regularizer random_normal random_uniform truncated_normal uniform unit_norm
variance_scaling zero zeros
"""

ALIKE: frozenset[str] = frozenset(
    " ".join((_LAYERS, _OPS, _OPTIMIZERS, _LOSSES_AND_METRICS, _OTHERS)).split()
)
"""The names, as a config writes them: ops with their module, words beside classes."""
