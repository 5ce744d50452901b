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

def list_of(x: Tensor):
    return [x]

def append(tensors: List[Tensor], x: Tensor):
    tensors.append(x)

def channels_last(x: Tensor):
    return x.contiguous(memory_format=2)

def block(x: Tensor, p: List[Tensor], r: List[Tensor], i: int):
    y = torch.conv2d(x, p[3 * i], None, [1, 1], [1, 1])
    return torch.relu_(torch.batch_norm(y, p[3 * i + 1], p[3 * i + 2], r[2 * i], r[2 * i + 1], True, 0.1, 1e-5, False))

def unet(x: Tensor, p: List[Tensor], r: List[Tensor], depth: int):
    y = block(block(x, p, r, 0), p, r, 1)
    skips = [y]
    for level in range(1, depth):
        y = torch.max_pool2d(y, [2, 2], [2, 2])
        y = block(block(y, p, r, 2 * level), p, r, 2 * level + 1)
        skips.append(y)
    for step in range(depth - 1):
        level = depth - 2 - step
        # the product makes the gradient of upsampling dense
        larger = torch.mul(torch.upsample_bilinear2d(y, None, False, [2.0, 2.0]), 1.0)
        i = 2 * (depth + level)
        y = block(block(torch.cat([skips[level], larger], 1), p, r, i), p, r, i + 1)
    head = 6 * (2 * depth - 1)
    return torch.conv2d(y, p[head], p[head + 1])

def unet_step(x: Tensor, t: Tensor, p: List[Tensor], detached: List[Tensor], r: List[Tensor], m: List[Tensor], v: List[Tensor], s: List[Tensor], depth: int):
    loss = dice_bce(unet(x, p, r, depth), t)
    gradients: List[Tensor] = []
    for g in torch.autograd.grad([loss], p):
        if g is not None:
            gradients.append(g)
    none: List[Tensor] = []
    adam(detached, gradients, m, v, none, s, False)
    return loss.detach()
