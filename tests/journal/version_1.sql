BEGIN TRANSACTION;
CREATE TABLE binance_transfer_accounts (
	name TEXT NOT NULL, 
	environment TEXT, 
	uid BIGINT, 
	halted TEXT NOT NULL, 
	silent_until_ms BIGINT NOT NULL, 
	minute BIGINT NOT NULL, 
	started BIGINT NOT NULL, 
	answered BIGINT NOT NULL, 
	first BIGINT NOT NULL, 
	used BIGINT NOT NULL, 
	weight BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "binance_transfer_accounts" VALUES('treasury','http://127.0.0.1:8443',354937868,'',0,28333337,3,1,2700,2700,900);
INSERT INTO "binance_transfer_accounts" VALUES('mirror','https://api.binance.com',7,'end of the month',0,0,0,0,0,0,0);
INSERT INTO "binance_transfer_accounts" VALUES('spelling','HTTPS://API.BINANCE.COM:443',7,'',0,0,0,0,0,0,0);
INSERT INTO "binance_transfer_accounts" VALUES('local','http://localhost:8080',7,'',0,0,0,0,0,0,0);
CREATE TABLE binance_transfer_answers (
	account TEXT NOT NULL, 
	attempt TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	outcome TEXT NOT NULL, 
	http_status INTEGER, 
	code BIGINT, 
	msg TEXT NOT NULL, 
	tran_id BIGINT, 
	PRIMARY KEY (account, attempt, number), 
	FOREIGN KEY(account, attempt) REFERENCES binance_transfer_attempts (account, id)
);
INSERT INTO "binance_transfer_answers" VALUES('treasury','7da47993b00a4fb5a47bec9a767963cd',1,1700000001000,'Receipt',200,NULL,'',13526854123);
INSERT INTO "binance_transfer_answers" VALUES('treasury','76d0cb376ee247caaaeb0814c484a1bb',1,1700000002000,'InsufficientBalance',400,-5013,'Asset transfer failed: insufficient balance',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','bf49016cc3c54aa9bdbd8c34d6ad48cc',1,1700000003000,'InsufficientBalance',400,-5013,'Asset transfer failed: insufficient balance',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','dca209bff8e541818c0963984004ff15',1,1700000004000,'Receipt',200,NULL,'',13526854829);
INSERT INTO "binance_transfer_answers" VALUES('treasury','b9f2ca9528ef4f05bcee77bd6f8bfd20',1,1700000005000,'OutcomeUnknown',NULL,NULL,'RemoteProtocolError Server disconnected without sending a response.',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','d5771471428e4094ae9b7fcb481b4bab',1,1700000006000,'OutcomeUnknown',NULL,NULL,'RemoteProtocolError Server disconnected without sending a response.',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','3630c158c3224416bd6054ab6c318f12',1,1700000042050,'OutcomeUnknown',NULL,NULL,'RemoteProtocolError Server disconnected without sending a response.',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','3047572b0d79460589e50223e66a0f79',1,1700000078100,'OutcomeUnknown',NULL,NULL,'RemoteProtocolError Server disconnected without sending a response.',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','40b368480059492d968e4f111a786ce5',1,1700000079100,'OutcomeUnknown',NULL,NULL,'RemoteProtocolError Server disconnected without sending a response.',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','9e99deb7a88c4c4e82214cf99705d425',1,1700000080100,'OutcomeUnknown',NULL,NULL,'RemoteProtocolError Server disconnected without sending a response.',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','9e99deb7a88c4c4e82214cf99705d425',2,1700000081100,'Ambiguous',NULL,NULL,'history holds 2 transfers that could be this one (13526856394, 13526855903): a person has to decide',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','6beb0c05d4fa42878ed13fb6cf9daac1',1,1700000201100,'Receipt',200,NULL,'',13526856675);
INSERT INTO "binance_transfer_answers" VALUES('treasury','b049295878494ea4bdbf51c1aa7b8387',1,1700000201100,'Receipt',200,NULL,'',880001);
INSERT INTO "binance_transfer_answers" VALUES('treasury','77aa5210b47741c6bc2c9040456b048f',1,1700000201100,'Receipt',200,NULL,'',880002);
INSERT INTO "binance_transfer_answers" VALUES('treasury','96f300d3e32c47108b0da6878adbe346',1,1700000201100,'Receipt',200,NULL,'',880003);
INSERT INTO "binance_transfer_answers" VALUES('treasury','929641504a64495fb50c597104d28565',1,1700000201100,'Receipt',200,NULL,'',880004);
INSERT INTO "binance_transfer_answers" VALUES('treasury','c69311c463dd426aab22416b8f6d5012',1,1700000201100,'Receipt',200,NULL,'',880005);
INSERT INTO "binance_transfer_answers" VALUES('treasury','4213c181c35c4516bd328a55a887dcb1',1,1700000201100,'Receipt',200,NULL,'',880006);
INSERT INTO "binance_transfer_answers" VALUES('treasury','cf83ecb219334f8c96ce142d3b13b46b',1,1700000201100,'InsufficientBalance',400,-5013,'no money',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','869c3f6683c24cd8bceec42b046f4be5',1,1700000201100,'InsufficientBalance',400,-5013,'no money',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','b33bd73db9074f48a624f9661e01227d',1,1700000202100,'NotSent',NULL,NULL,'ConnectError [Errno 111] Connection refused',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','96165b6f720243de9d35e00fa8788386',1,1700000273100,'OutcomeUnknown',NULL,NULL,'RemoteProtocolError Server disconnected without sending a response.',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','72786d11975f41dba5275118721e6b1b',1,1700000274100,'OutcomeUnknown',504,-1007,'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',NULL);
INSERT INTO "binance_transfer_answers" VALUES('treasury','97dc8b0179c347ce9a65a0527a9e1555',1,1700000274100,'Receipt',200,NULL,'',13526857870);
CREATE TABLE binance_transfer_attempts (
	account TEXT NOT NULL, 
	id TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	opened_ms BIGINT NOT NULL, 
	timestamp_ms BIGINT NOT NULL, 
	recv_window_ms BIGINT NOT NULL, 
	window_end_ms BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	tran_id BIGINT, 
	verdict TEXT, 
	verdict_ms BIGINT, 
	note TEXT NOT NULL, 
	PRIMARY KEY (account, id), 
	FOREIGN KEY(account, "key") REFERENCES binance_transfer_entries (account, "key")
);
INSERT INTO "binance_transfer_attempts" VALUES('treasury','7da47993b00a4fb5a47bec9a767963cd','moved',1,1700000001000,1700000001000,5000,1700000036000,'moved',13526854123,'accepted',1700000001000,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','76d0cb376ee247caaaeb0814c484a1bb','refused',1,1700000002000,1700000002000,5000,1700000037000,'not_moved',NULL,'refused',1700000002000,'Asset transfer failed: insufficient balance');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','bf49016cc3c54aa9bdbd8c34d6ad48cc','refused, then moved',1,1700000003000,1700000003000,5000,1700000038000,'not_moved',NULL,'refused',1700000003000,'Asset transfer failed: insufficient balance');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','dca209bff8e541818c0963984004ff15','refused, then moved',2,1700000004000,1700000004000,5000,1700000039000,'moved',13526854829,'accepted',1700000004000,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','b9f2ca9528ef4f05bcee77bd6f8bfd20','found',1,1700000005000,1700000005000,5000,1700000040000,'moved',13526855577,'found',1700000005000,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','d5771471428e4094ae9b7fcb481b4bab','absent',1,1700000006000,1700000006000,5000,1700000041000,'not_moved',NULL,'absent',1700000041050,'the window is over and history shows no MAIN_UMFUTURE 5 USDT: it was not made and never will be');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','3630c158c3224416bd6054ab6c318f12','absent, then open',1,1700000042050,1700000042050,5000,1700000077050,'not_moved',NULL,'absent',1700000077100,'the window is over and history shows no MAIN_UMFUTURE 6 USDT: it was not made and never will be');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','3047572b0d79460589e50223e66a0f79','person: moved',1,1700000078100,1700000078100,5000,1700000113100,'moved',990099,'person',1700000141100,'the support said so');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','40b368480059492d968e4f111a786ce5','person: not',1,1700000079100,1700000079100,5000,1700000114100,'not_moved',NULL,'person',1700000141100,'the balances said so');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','9e99deb7a88c4c4e82214cf99705d425','ambiguous',1,1700000080100,1700000080100,5000,1700000115100,'open',NULL,NULL,NULL,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','6beb0c05d4fa42878ed13fb6cf9daac1','accepted late',1,1700000141100,1700000141100,5000,1700000176100,'not_moved',NULL,'person',1700000201100,'a person was wrong');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','b049295878494ea4bdbf51c1aa7b8387','lower case',1,1700000201100,1700000201100,5000,1700000236100,'moved',880001,'accepted',1700000201100,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','77aa5210b47741c6bc2c9040456b048f','a separator',1,1700000201100,1700000201100,5000,1700000236100,'moved',880002,'accepted',1700000201100,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','96f300d3e32c47108b0da6878adbe346','equal symbols',1,1700000201100,1700000201100,5000,1700000236100,'moved',880003,'accepted',1700000201100,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','929641504a64495fb50c597104d28565','unchecked',1,1700000201100,1700000201100,5000,1700000236100,'moved',880004,'accepted',1700000201100,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','c69311c463dd426aab22416b8f6d5012','café',1,1700000201100,1700000201100,5000,1700000236100,'moved',880005,'accepted',1700000201100,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','4213c181c35c4516bd328a55a887dcb1','a type of the Chinese page',1,1700000201100,1700000201100,5000,1700000236100,'moved',880006,'accepted',1700000201100,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','cf83ecb219334f8c96ce142d3b13b46b','refusedㅤ',1,1700000201100,1700000201100,5000,1700000236100,'not_moved',NULL,'refused',1700000201100,'no money');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','869c3f6683c24cd8bceec42b046f4be5','refused in lower case',1,1700000201100,1700000201100,5000,1700000236100,'not_moved',NULL,'refused',1700000201100,'no money');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','b33bd73db9074f48a624f9661e01227d','not sent',1,1700000202100,1700000202100,5000,1700000237100,'not_moved',NULL,'not-sent',1700000202100,'ConnectError [Errno 111] Connection refused');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','96165b6f720243de9d35e00fa8788386','absent, then open',2,1700000273100,1700000273100,5000,1700000308100,'open',NULL,NULL,NULL,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','72786d11975f41dba5275118721e6b1b','open',1,1700000274100,1700000274100,5000,1700000309100,'open',NULL,NULL,NULL,'');
INSERT INTO "binance_transfer_attempts" VALUES('treasury','97dc8b0179c347ce9a65a0527a9e1555','0838416d290341519655b5fbae344cd9',1,1700000274100,1700000274100,5000,1700000309100,'moved',13526857870,'accepted',1700000274100,'');
CREATE TABLE binance_transfer_entries (
	account TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	type TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	from_symbol TEXT, 
	to_symbol TEXT, 
	checked BOOLEAN NOT NULL, 
	PRIMARY KEY (account, "key")
);
INSERT INTO "binance_transfer_entries" VALUES('treasury','moved','MAIN_UMFUTURE','USDT','25.50',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','refused','MAIN_UMFUTURE','USDT','2',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','refused, then moved','MAIN_UMFUTURE','USDT','3',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','found','MAIN_UMFUTURE','USDT','4',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','absent','MAIN_UMFUTURE','USDT','5',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','absent, then open','MAIN_UMFUTURE','USDT','6',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','person: moved','MAIN_UMFUTURE','USDT','7',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','person: not','MAIN_UMFUTURE','USDT','8',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','ambiguous','MAIN_UMFUTURE','USDT','9',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','accepted late','MAIN_UMFUTURE','USDT','10',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','lower case','MAIN_UMFUTURE','usdt','11',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','a separator','MAIN_UMFUTURE','BTC-USD','1.10',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','equal symbols','ISOLATEDMARGIN_ISOLATEDMARGIN','USDT','12','BTCUSDT','BTCUSDT',1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','unchecked','MAIN_MOON','USDT','13.000000001',NULL,NULL,0);
INSERT INTO "binance_transfer_entries" VALUES('treasury','café','MAIN_UMFUTURE','USDT','14',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','a type of the Chinese page','MAIN_ISOLATED_MARGIN','USDT','15',NULL,'BTCUSDT',1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','refusedㅤ','MAIN_UMFUTURE','USDT','16',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','refused in lower case','MAIN_UMFUTURE','usdt','17',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','not sent','MAIN_UMFUTURE','USDT','18',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','open','MAIN_UMFUTURE','USDT','19',NULL,NULL,1);
INSERT INTO "binance_transfer_entries" VALUES('treasury','0838416d290341519655b5fbae344cd9','MAIN_UMFUTURE','USDT','20',NULL,NULL,1);
CREATE TABLE binance_transfer_schema (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "binance_transfer_schema" VALUES(1);
CREATE UNIQUE INDEX binance_transfer_uids ON binance_transfer_accounts (environment, uid);
CREATE UNIQUE INDEX binance_transfer_ids ON binance_transfer_attempts (account, tran_id);
CREATE INDEX binance_transfer_opened ON binance_transfer_attempts (account, opened_ms);
CREATE UNIQUE INDEX binance_transfer_numbers ON binance_transfer_attempts (account, "key", number);
CREATE INDEX binance_transfer_states ON binance_transfer_attempts (account, state);
COMMIT;
