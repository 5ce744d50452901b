def dice(x: Tensor, t: Tensor):
    p = torch.sigmoid(x)
    return 1.0 - 2.0 * torch.sum(p * t) / (torch.sum(p) + torch.sum(t)).clamp_min(1e-7)

def jaccard(x: Tensor, t: Tensor):
    p = torch.sigmoid(x)
    both = torch.sum(p * t)
    return 1.0 - both / (torch.sum(p) + torch.sum(t) - both).clamp_min(1e-7)

def bce(x: Tensor, t: Tensor):
    return torch.binary_cross_entropy_with_logits(x, t, None, None, 1)

def dice_bce(x: Tensor, t: Tensor):
    return dice(x, t) + bce(x, t)

def focal_2(x: Tensor, t: Tensor):
    l = torch.binary_cross_entropy_with_logits(x, t, None, None, 0)
    return torch.mean((1.0 - torch.exp(-l)) ** 2.0 * l)

def focal_15(x: Tensor, t: Tensor):
    l = torch.binary_cross_entropy_with_logits(x, t, None, None, 0)
    return torch.mean((1.0 - torch.exp(-l)) ** 1.5 * l)

def multiclass_dice(x: Tensor, t: Tensor):
    p = torch.softmax(x, 1)
    both = torch.sum(p * t, [0, 2])
    return torch.mean(1.0 - 2.0 * both / (torch.sum(p, [0, 2]) + torch.sum(t, [0, 2])).clamp_min(1e-7))

def lovasz(x: Tensor, t: Tensor):
    errors, order = torch.sort(1.0 - x * (2.0 * t - 1.0), 0, True)
    sorted = t[order]
    total = torch.sum(sorted)
    intersection = total - torch.cumsum(sorted, 0)
    union = total + torch.cumsum(1.0 - sorted, 0)
    jaccard = 1.0 - intersection / union
    gradient = torch.cat([jaccard[0:1], jaccard[1:] - jaccard[:-1]])
    return torch.dot(torch.relu(errors), gradient)

def counts_float(x: Tensor, t: Tensor):
    predicted = (x > 0.0).float()
    tp = torch.sum(predicted * t)
    return tp / (torch.sum(predicted) + torch.sum(t) - tp)

def parts(x: Tensor, length: int) -> List[Tensor]:
    none: List[Tensor] = []
    return torch.split(x, length) if x.numel() > 0 else none

def adam(p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], x: List[Tensor], s: List[Tensor], amsgrad: bool):
    torch._foreach_add_(s, 1)
    torch._fused_adam_(p, g, m, v, x, s, lr=1e-3, beta1=0.9, beta2=0.999, weight_decay=0.0, eps=1e-8, amsgrad=amsgrad, maximize=False)
