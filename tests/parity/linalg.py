import torch
from inputs import real

inf = float("inf")


def eye(n):
    return torch.eye(n)


def ladder(m, n):
    return torch.eye(max(m, n))[:m, :n] * 1.5 * torch.arange(1, n + 1)


def sturdy(x):
    return x + 5 * eye(x.shape[-1])


def definite(x):
    return x @ x.mT + eye(x.shape[-2])


def symmetric(x):
    return 0.15 * (x + x.mT) + ladder(x.shape[-2], x.shape[-1])


def apart(x):
    return 0.3 * x + ladder(x.shape[-2], x.shape[-1])


def of_qr(f):
    q, r = f
    return q**2 @ r**2 + q @ r.sin()


def of_svd(f):
    u, s, vh = f
    return (u**2 * s[..., None, :]) @ vh**2 + u.sin() @ (vh * s.sum())


def of_eigh(f):
    w, v = f
    return (v**2 * w[..., None, :]) @ (v**2).mT + v.sin() @ v.mT


def distances(p):
    """torch.cdist has no second derivatives for every p; differences have."""

    def f(a, b):
        d = (a[..., :, None, :] - b[..., None, :, :]).abs()
        if p == inf:
            return d.amax(-1)
        return (d**p).sum(-1) ** (1 / p)

    return f


def triangular(upper=False, transpose=False, unit=False):
    def f(a, b):
        a = a.mT if transpose else a
        return torch.linalg.solve_triangular(a, b, upper=upper != transpose, unitriangular=unit)

    return f


def symmetric_cholesky(x, upper=False):
    return torch.linalg.cholesky(definite(x), upper=upper)


batch = [real(2, 3, 2), real(2, 2, 3, seed=9)]
square = [real(2, 3, 3)]
sides = [real(2, 3, 3), real(3, 2, seed=9)]

rows = {
    "matmul": (torch.matmul, [real(3, 4), real(4, 2, seed=9)]),
    "matmul of vectors": (torch.matmul, [real(4), real(4, 3, seed=9)]),
    "matmul transposing the left": (lambda a, b: a.mT @ b, [real(4, 3), real(4, 2, seed=9)]),
    "matmul transposing the right": (lambda a, b: a @ b.mT, [real(2, 3, 4), real(2, 4, seed=9)]),
    "matmul transposing both": (lambda a, b: a.mT @ b.mT, [real(2, 4, 3), real(2, 2, 4, seed=9)]),
    "matmul with itself": (lambda x: x @ x.mT, [real(3, 4)]),
    "matmul of batches": (torch.matmul, [real(2, 1, 2, 3), real(2, 3, 2, seed=9)]),
    "linear": (lambda x, w, b: torch.nn.functional.linear(x, w, b) * b, [real(5, 3), real(4, 3, seed=8), real(4, seed=9)]),
    "linear without a bias": (torch.nn.functional.linear, [real(2, 2, 3), real(4, 3, seed=9)]),
    "bmm": (torch.bmm, batch),
    "mv": (torch.mv, [real(3, 4), real(4, seed=9)]),
    "dot": (torch.dot, [real(11), real(11, seed=9)]),
    "outer": (torch.outer, [real(4), real(3, seed=9)]),
    "cross": (torch.linalg.cross, [real(4, 3), real(4, 3, seed=9)]),
    "cross along the first axis": (lambda a, b: torch.linalg.cross(a, b, dim=0), [real(3, 4), real(3, 4, seed=9)]),
    "addmm": (lambda x, a, b: torch.addmm(x, a, b) * x, [real(2), real(3, 4, seed=8), real(4, 2, seed=9)]),
    "addmm scaled": (
        lambda x, a, b: torch.addmm(x, a, b, beta=0.5, alpha=-2) * x,
        [real(3, 2), real(3, 4, seed=8), real(4, 2, seed=9)],
    ),
    "baddbmm": (lambda x, a, b: torch.baddbmm(x, a, b, beta=1.5, alpha=2) * x, [real(2, 3, 3), *batch]),
    "kron": (torch.kron, [real(2, 3), real(3, 2, seed=9)]),
    "trace": (lambda x: torch.trace(x) ** 2 + (x**2).sum(), [real(3, 4)]),
    "multi_dot": (
        lambda a, b, c: torch.linalg.multi_dot([a, b, c, a]),
        [real(2, 5), real(5, 3, seed=8), real(3, 2, seed=9)],
    ),
    "multi_dot of vectors": (
        lambda *x: torch.linalg.multi_dot(x),
        [real(4), real(4, 3, seed=7), real(3, 5, seed=8), real(5, seed=9)],
    ),
    "einsum": (lambda a, b: torch.einsum("ij,jk->ik", a, b), [real(3, 4), real(4, 2, seed=9)]),
    "einsum transposed": (lambda a, b: torch.einsum("ji,kj->ki", a, b), [real(4, 3), real(2, 4, seed=9)]),
    "einsum of batches": (lambda a, b: torch.einsum("bij,bjk->bik", a, b), batch),
    "einsum with scattered axes": (lambda a, b: torch.einsum("ibj,kjb->kbi", a, b), [real(3, 2, 2), real(3, 2, 2, seed=9)]),
    "einsum with an ellipsis": (
        lambda a, b: torch.einsum("...ij, ...jk -> ...ik", a, b),
        [real(2, 1, 2, 3), real(2, 3, 2, seed=9)],
    ),
    "einsum of a diagonal": (lambda x: torch.einsum("ijiki->kj", x) ** 2, [real(2, 2, 2, 3, 2)]),
    "einsum of a trace": (lambda x: torch.einsum("bii", x) ** 2, [real(4, 3, 3)]),
    "einsum with axes in alphabetical order": (lambda x: torch.einsum("b...a", x) ** 2, [real(2, 3, 2)]),
    "einsum of products": (lambda a, b: torch.einsum("ij,ij->ij", a, b), [real(3, 4), real(3, 1, seed=9)]),
    "einsum of all pairs": (lambda a, b: torch.einsum("i,j->ji", a, b), [real(4), real(3, seed=9)]),
    "einsum of sums": (lambda a, b: torch.einsum("ij,kl->", a, b), [real(3, 4), real(2, 2, seed=9)]),
    "einsum of dots": (lambda a, b: torch.einsum("bi,bi->b", a, b), [real(3, 4), real(3, 4, seed=9)]),
    "einsum of three": (
        lambda a, w, b: torch.einsum("bi,oij,bj->bo", a, w, b),
        [real(3, 4), real(2, 4, 3, seed=8), real(3, 3, seed=9)],
    ),
    "einsum with itself": (lambda x: torch.einsum("ij,jk,kl->il", x, x, x), [real(3, 3)]),
    "tensordot": (torch.tensordot, [real(2, 3, 2), real(3, 2, 2, seed=9)]),
    "tensordot over named axes": (
        lambda a, b: torch.tensordot(a, b, dims=([1, 2], [0, 1])),
        [real(2, 3, 2), real(3, 2, 2, seed=9)],
    ),
    "tensordot over no axes": (lambda a, b: torch.tensordot(a, b, dims=0), [real(2, 3), real(3, seed=9)]),
    "cdist": (distances(2), [real(2, 3, 2), real(4, 2, seed=9)]),
    "cdist by a matrix product": (distances(2), [real(4, 3), real(3, 3, seed=9)]),
    "cdist in the 1 norm": (lambda a, b: distances(1)(a, b) ** 2, [real(4, 3), real(3, 3, seed=9)]),
    "cdist in the 3 norm": (distances(3), [real(4, 3), real(3, 3, seed=9)]),
    "cdist in the largest norm": (lambda a, b: distances(inf)(a, b) ** 2, [real(4, 3), real(3, 3, seed=9)]),
    "solve": (lambda a, b: torch.linalg.solve(sturdy(a), b), [real(2, 3, 3), real(2, 3, 2, seed=9)]),
    "triangular_solve": (lambda a, b: triangular()(sturdy(a), b), sides),
    "triangular_solve of the upper triangle": (lambda a, b: triangular(upper=True)(sturdy(a), b), sides),
    "triangular_solve transposed": (lambda a, b: triangular(transpose=True)(sturdy(a), b), sides),
    "triangular_solve with a unit diagonal": (
        lambda a, b: triangular(upper=True, transpose=True, unit=True)(0.3 * a, b),
        sides,
    ),
    "cholesky_solve": (
        lambda a, b: torch.linalg.solve(sturdy(a).tril() @ sturdy(a).tril().mT, b),
        [real(3, 3), real(3, 2, seed=9)],
    ),
    "cholesky_solve from the upper factor": (
        lambda a, b: torch.linalg.solve(sturdy(a).triu().mT @ sturdy(a).triu(), b),
        [real(3, 3), real(3, 2, seed=9)],
    ),
    "inverse": (lambda x: torch.linalg.inv(sturdy(x)), square),
    "lstsq of tall matrices": (
        lambda a, b: torch.linalg.solve(apart(a).mT @ apart(a), apart(a).mT @ b),
        [real(4, 3), real(4, 2, seed=9)],
    ),
    "lstsq of wide matrices": (
        lambda a, b: apart(a).mT @ torch.linalg.solve(apart(a) @ apart(a).mT, b),
        [real(3, 4), real(3, 2, seed=9)],
    ),
    "det": (torch.linalg.det, square),
    "slogdet": (lambda x: torch.linalg.slogdet(sturdy(x)).logabsdet, square),
    "matrix_power": (lambda x: torch.linalg.matrix_power(x, 5), square),
    "matrix_power below 0": (lambda x: torch.linalg.matrix_power(sturdy(x), -3), square),
    "matrix_exp": (torch.linalg.matrix_exp, square),
    "pinv": (lambda x: torch.linalg.pinv(apart(x)), [real(2, 2, 3)]),
    "pinv of less than full rank": (
        lambda a, b: torch.linalg.pinv(apart(a) @ apart(b), rtol=1e-4),
        [real(3, 2), real(2, 4, seed=9)],
    ),
    "cholesky": (symmetric_cholesky, square),
    "cholesky to the upper factor": (lambda x: symmetric_cholesky(x, upper=True), square),
    "qr of tall matrices": (lambda x: of_qr(torch.linalg.qr(apart(x))), [real(4, 3)]),
    "qr of wide matrices": (lambda x: of_qr(torch.linalg.qr(apart(x))), [real(2, 2, 3)]),
    "svd": (lambda x: of_svd(torch.linalg.svd(apart(x), full_matrices=False)), square),
    "svd of tall matrices": (lambda x: of_svd(torch.linalg.svd(apart(x), full_matrices=False)), [real(4, 3)]),
    "svd of wide matrices": (lambda x: of_svd(torch.linalg.svd(apart(x), full_matrices=False)), [real(3, 4)]),
    "svdvals": (lambda x: torch.linalg.svdvals(apart(x)) ** 2, [real(4, 3)]),
    "eigh": (lambda x: of_eigh(torch.linalg.eigh(symmetric(x))), square),
    "eigvalsh": (lambda x: torch.linalg.eigvalsh(symmetric(x)) ** 2, square),
}

values_only = {
    "matrix_rank": (lambda a, b: torch.linalg.matrix_rank(a @ b), [real(2, 4, 2), real(2, 2, 5, seed=9)]),
    "slogdet sign": (lambda x: torch.linalg.slogdet(x).sign, [real(6, 3, 3)]),
    "cdist counting differences": (lambda a, b: torch.cdist(a, b, p=0), [real(4, 3).round(), real(5, 3, seed=9).round()]),
    "matrix_power of 0": (lambda x: torch.linalg.matrix_power(x, 0), [real(2, 2, 2)]),
}
