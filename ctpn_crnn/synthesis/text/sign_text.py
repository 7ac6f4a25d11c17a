"""What Chinese shops, streets and public places write on their signs."""

from __future__ import annotations

import numpy as np

_SHOPS = (
    "饭店 酒店 宾馆 酒楼 餐厅 面馆 小吃 烧烤 火锅 拉面 米粉 包子铺 饺子馆 快餐 茶餐厅 奶茶 茶庄 茶叶 咖啡 面包 "
    "蛋糕 糖果 水果 生鲜 超市 便利店 商店 百货 商场 专卖店 批发部 五金 建材 家具 家电 灯饰 服装 鞋业 童装 内衣 "
    "眼镜 钟表 珠宝 首饰 美容 美发 理发 养生 足疗 药房 大药房 诊所 医院 牙科 口腔 银行 证券 保险 地产 房产 中介 "
    "装饰 广告 图文 打印 快印 照相馆 书店 文具 玩具 体育 健身 舞蹈 琴行 学校 幼儿园 培训中心 网吧 影城 宠物 花店 "
    "洗衣 干洗 汽修 洗车 轮胎 停车场 加油站 物流 快递 维修 电脑 手机 通讯 数码 烟酒 粮油 公司 有限公司 集团 工厂 "
    "公寓 大厦 广场 公园 路 街 大道 站 桥 村 小区 社区 派出所 法院 邮局 博物馆 图书馆"
).split(" ")
_NOTICES = (
    "欢迎光临 营业中 暂停营业 出口 入口 安全出口 收银台 洗手间 卫生间 男厕 女厕 停车场 请勿吸烟 禁止吸烟 禁止停车 "
    "请勿拍照 小心地滑 注意安全 当心触电 严禁烟火 推 拉 电梯 楼梯 售票处 问讯处 服务台 候车室 检票口 登机口 "
    "行李寄存 自动取款机 24小时营业 免费WiFi 全场5折 买一送一 特价 新品上市 清仓 打折 转让 招租 出租 招聘 "
    "旺铺招租 厂家直销 诚信经营 支持支付宝 微信支付 扫码点餐 谢绝还价 闲人免进 非请勿入 节约用水 爱护花草 消火栓 "
    "灭火器 请走人行横道 前方施工 车辆慢行 限速 禁止通行 單行道 歡迎光臨 營業中 出入口 請勿吸煙 小心梯級 洗手間 "
    "停車場 電梯 售票處 廣告 藥房 銀行 麵包 飯店 醫院 學校 車站 港鐵 巴士站 公眾 辦公室 大樓 夜市 便當 滷肉飯"
).split(" ")


def shop_sign(rng: np.random.Generator, name: str) -> str:
    """What Chinese shops, streets and public places have on their signs: `name` and a trade, or a notice."""
    if rng.random() < 0.35:
        return str(rng.choice(_NOTICES))
    trade = str(rng.choice(_SHOPS))
    return trade if rng.random() < 0.2 else name + trade
