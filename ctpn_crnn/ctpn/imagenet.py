"""What the ImageNet weights of torchvision's VGG16 expect: RGB in 0..1, minus the mean, over the standard deviation."""

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
